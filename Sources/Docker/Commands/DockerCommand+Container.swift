import Engine
import Subprocess

extension DockerCommand {
    /// What the engine knows of containers, one line for each that is there, as
    /// `Container` reads it. One that is missing makes the command fail all the same.
    public static func containerInspect(_ containers: [String]) -> DockerCommand {
        DockerCommand(
            "container inspect",
            ["--format=\(Container.format)", "--"] + containers
        )
    }

    /// The variables of a container's program, as `ContainerEnvironment.decode` reads them. Secret.
    public static func containerEnvironment(_ container: String) -> DockerCommand {
        DockerCommand(
            "container inspect",
            ["--format={{json .Config.Env}}", "--", container],
            // A request's values, every byte of them escaped, and the image's beside them.
            outputLimit: 16 << 20
        )
    }

    /// All containers, running or not, that carry all these labels, as `ContainerSummary` reads
    /// them.
    public static func containersByLabel(_ labels: [(String, String)]) -> DockerCommand {
        containersByLabel(labels.map { (name: $0.0, value: Optional($0.1)) })
    }

    /// All containers that carry all these labels; without a value the label need only be there.
    public static func containersByLabel(
        _ labels: [(name: String, value: String?)]
    ) -> DockerCommand {
        DockerCommand(
            "ps",
            ["--all", "--no-trunc", "--format=\(ContainerSummary.format)"]
                + labels.map { "--filter=label=\(labelFilter($0.name, $0.value))" }
        )
    }

    /// The containers that publish a TCP port of the host, as `ContainerSummary` reads them.
    public static func containersPublishing(_ port: UInt16) -> DockerCommand {
        DockerCommand(
            "ps",
            [
                "--no-trunc", "--format=\(ContainerSummary.format)",
                "--filter=publish=\(port)/tcp",
            ]
        )
    }

    /// Creates a container and prints its id.
    ///
    /// - Parameter readingEnvironment: whether it reads the variables as lines of `NAME=value`.
    static func create(_ parameters: [String], readingEnvironment: Bool) -> DockerCommand {
        DockerCommand(
            "create",
            parameters,
            input: readingEnvironment ? .stream : .none,
            deadline: .seconds(120)
        )
    }

    /// Starts a container.
    public static func start(_ container: String) -> DockerCommand {
        DockerCommand("start", ["--", container], deadline: .seconds(120))
    }

    /// Asks a container's program to end, and kills it after `seconds` seconds.
    public static func stop(_ container: String, seconds: Int = 10) -> DockerCommand {
        // Its long name is another in old clients than in new ones.
        DockerCommand(
            "stop",
            ["-t", String(max(0, seconds)), "--", container],
            deadline: .seconds(max(0, seconds) + 60)
        )
    }

    /// Ends a container's program at once.
    public static func kill(_ container: String) -> DockerCommand {
        DockerCommand("kill", ["--", container])
    }

    /// Removes a container with its anonymous volumes, even while it runs.
    public static func remove(_ container: String) -> DockerCommand {
        DockerCommand("rm", ["--force", "--volumes", "--", container], deadline: .seconds(120))
    }

    /// Gives a container another name.
    public static func rename(_ container: String, to name: String) -> DockerCommand {
        DockerCommand("rename", ["--", container, name])
    }

    /// Sets whether the engine starts a container again.
    public static func updateRestart(_ container: String, policy: String) -> DockerCommand {
        DockerCommand("update", ["--restart=\(policy)", "--", container])
    }

    /// Extracts the tar archive of its input into a folder of a container, which must be there.
    public static func copyArchive(into container: String, path: String) -> DockerCommand {
        DockerCommand("cp", ["--", "-", "\(container):\(path)"], input: .stream, deadline: nil)
    }

    /// Prints a file or folder of a container as a tar archive; a link leads to what it names.
    static func copyArchive(from container: String, path: String) -> DockerCommand {
        DockerCommand("cp", ["--follow-link", "--", "\(container):\(path)", "-"])
    }

    /// Waits until a container's program has ended, and prints its exit status.
    static func wait(_ container: String) -> DockerCommand {
        DockerCommand("wait", ["--", container], deadline: nil)
    }

    /// The end of what a container has written, its errors apart, as `ContainerLog` reads it.
    public static func logsTail(_ container: String) -> DockerCommand {
        // The engine counts the pieces of 16 KiB in which it takes long lines.
        let pieces = 300
        var command = DockerCommand(
            "logs",
            ["--timestamps", "--tail=\(pieces)", "--", container],
            deadline: .seconds(15),
            outputLimit: pieces << 15
        )
        command.errorLimit = pieces << 15
        return command
    }

    /// Fails where the engine cannot read what a container has written, and tells nothing else.
    public static func logsProbe(_ container: String) -> DockerCommand {
        DockerCommand("logs", ["--tail=0", "--", container], deadline: .seconds(15))
    }

    /// The last lines that a container has written, errors among them in their order, and what it
    /// writes from then on where they are followed, until it stops or the command is ended.
    public static func logs(_ container: String, lines: Int, follow: Bool) -> DockerCommand {
        var command = DockerCommand(
            "logs",
            (follow ? ["--follow"] : []) + ["--tail=\(max(0, lines))", "--", container],
            output: .merged,
            deadline: nil,
            outputLimit: 0
        )
        // Whoever reads it keeps what is wanted of it.
        command.keepsLines = false
        return command
    }
}
