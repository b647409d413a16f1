/// A container's variables on their way to the engine.
///
/// They are never put into the environment of the docker client itself. There they could steer the
/// client, a wrapper around it, ssh or the loader, and no list of such names would ever be complete.
public struct ContainerEnvironment: Sendable, Equatable {
    /// The values by name.
    public let values: [String: String]

    /// A variable that cannot be given to a container.
    public struct Unsuitable: Error, Equatable, CustomStringConvertible {
        /// The variable's name.
        public let name: String
        /// What is wrong: the end of the sentence that `description` gives.
        public let reason: String

        /// A sentence without its full stop.
        public var description: String { "the variable \(name) \(reason)" }
    }

    /// Throws if there is a name or a value that a program's environment cannot hold.
    public init(values: [String: String] = [:]) throws(Unsuitable) {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard !name.isEmpty, !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") })
            else { throw Unsuitable(name: name, reason: "has a name that no variable can have") }
            guard !value.utf8.contains(0) else {
                throw Unsuitable(name: name, reason: "must not contain a null character")
            }
        }
        self.values = values
    }
}
