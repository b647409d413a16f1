public import Deployments

/// What would become of a request, as things stand now.
public struct CheckReport: Sendable, Equatable {
    /// One thing that was looked at.
    public struct Check: Sendable, Equatable {
        /// What was looked at.
        public enum Subject: String, Sendable, CaseIterable {
            case engine, folder, image, name, network, volumes, ports, queue
        }

        /// What was looked at.
        public var subject: Subject
        /// What was found; a sentence without its full stop.
        public var message: String
        /// Why the deployment would fail; nil if nothing stands in its way.
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

    /// What was looked at, in the order of `Subject`.
    public var checks: [Check]
    /// The container that has the name; nil if the name is free.
    public var replaces: Replaced?

    /// Whether nothing was found that stands in the way.
    public var isOK: Bool { checks.allSatisfy { $0.code == nil } }

    /// The report without secrets: docker's own words are among its messages.
    func masked(by redactor: Redactor) -> CheckReport {
        var report = self
        for index in report.checks.indices {
            report.checks[index].message = redactor.redact(report.checks[index].message)
            report.checks[index].hint = report.checks[index].hint.map(redactor.redact)
        }
        return report
    }

    /// The report on a request, as callers are given it.
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
