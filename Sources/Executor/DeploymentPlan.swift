public import Deployments

/// What a request would come to, as things stand now.
public struct DeploymentPlan: Sendable, Equatable {
    /// One thing that was looked at.
    public struct Check: Sendable, Equatable {
        /// What was looked at.
        public enum Subject: String, Sendable, CaseIterable {
            case engine, folder, image, name, network, ports, queue
        }

        /// What was looked at.
        public var subject: Subject
        /// A sentence without its full stop.
        public var message: String
        /// Why the deployment would fail; nil where nothing stands in its way.
        public var code: FailureCode?
        /// What to do about it.
        public var hint: String?
    }

    /// The container that would be replaced.
    public struct Replaced: Sendable, Equatable {
        /// Its id's first 12 characters.
        public var containerID: String
        /// The deployment that made it.
        public var deploymentID: String
    }

    /// In the order of `Subject`.
    public var checks: [Check]
    /// Nil where the name is free.
    public var replaces: Replaced?

    /// Whether nothing was found that stands in the way.
    public var isOK: Bool { checks.allSatisfy { $0.code == nil } }

    /// The plan without secrets: docker's own words are among its messages.
    func masked(by redactor: Redactor) -> DeploymentPlan {
        var plan = self
        for index in plan.checks.indices {
            plan.checks[index].message = redactor.redact(plan.checks[index].message)
            plan.checks[index].hint = plan.checks[index].hint.map(redactor.redact)
        }
        return plan
    }

    /// The plan for a request, as callers are given it.
    public func json(for request: DeploymentRequest) -> JSONValue {
        [
            "ok": .bool(isOK),
            "app": .string(request.app),
            "environment": .string(request.environment),
            "container_name": .string(request.containerName),
            "image": .string(request.image),
            "replaces": replaces.map { replaced in
                [
                    "container_id": .string(replaced.containerID),
                    "deployment_id": .string(replaced.deploymentID),
                ]
            } ?? .null,
            "checks": .array(
                checks.map { check in
                    [
                        "name": .string(check.subject.rawValue),
                        "ok": .bool(check.code == nil),
                        "message": .string(check.message),
                        "code": .optional(check.code?.rawValue),
                        "hint": .optional(check.hint),
                    ]
                }
            ),
        ]
    }
}
