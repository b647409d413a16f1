import Foundation
import Glibc
import Threads

/// Commands that have outlived the program that ran them.
///
/// A child does not end with its parent. So each child carries, in its environment, the name of the owner
/// that its runner was given, and the next program that starts with that name can find it.
public struct OrphanedCommands: Sendable {
    /// The variable that holds the owner's name.
    static let variable = "SLIPWAY_CHILD_OF"

    private let owner: String

    /// The commands of an owner, such as the path of a server's data directory.
    ///
    /// - Parameter owner: the name that was given to the runner. Look for orphans before a runner of the
    ///   same owner runs anything, because its commands would be taken for orphans.
    public init(owner: String) {
        self.owner = owner
    }

    /// Ends all of them and returns how many there were. They are first asked to end, and killed after the
    /// grace.
    @discardableResult
    public func end(grace: Duration = .seconds(2)) async -> Int {
        let found = pids()
        send(SIGTERM, to: found)
        let clock = ContinuousClock()
        let deadline = clock.now + grace
        while !pids().isEmpty, clock.now < deadline {
            // This wait is not cut short by a cancellation, because what comes next relies on their end.
            try? await Task.pause(for: .milliseconds(10))
        }
        send(SIGKILL, to: pids())
        return found.count
    }

    private func send(_ signal: Int32, to pids: [pid_t]) {
        for pid in pids { kill(pid, signal) }
    }

    /// The processes that have the variable. Those of other users cannot be read, but are not ours either.
    private func pids() -> [pid_t] {
        // Without /proc nothing can be found.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let wanted = Array("\(Self.variable)=\(owner)".utf8)
        return names.compactMap { pid_t($0) }.filter { pid in
            guard pid != getpid(),
                let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ")
            else { return false }
            return environment.split(separator: 0).contains { $0.elementsEqual(wanted) }
        }
    }
}
