import Engine
import Subprocess

extension DockerCommand {
    /// Prints what the engine knows about containers: a line for each that exists, in the form that
    /// `Container` reads. The command fails if one of them is missing.
    public static func containerInspect(_ containers: [String]) -> DockerCommand {
        DockerCommand(
            "container inspect",
            ["--format=\(Container.format)", "--"] + containers
        )
    }

    /// Prints the variables of a container's program for `ContainerEnvironment.decode`. Secret.
    public static func containerEnvironment(_ container: String) -> DockerCommand {
        DockerCommand(
            "container inspect",
            ["--format={{json .Config.Env}}", "--", container],
            // Enough for the values of a request with every byte escaped, and for the image's.
            outputLimit: 16 << 20
        )
    }

    /// Lists the containers, running or not, that carry all these labels, in the form that
    /// `ContainerSummary` reads.
    public static func containersByLabel(_ labels: [(String, String)]) -> DockerCommand {
        containersByLabel(labels.map { (name: $0.0, value: Optional($0.1)) })
    }

    /// Lists the containers, running or not, that carry all these labels; any value counts if none is given.
    public static func containersByLabel(
        _ labels: [(name: String, value: String?)]
    ) -> DockerCommand {
        DockerCommand(
            "ps",
            ["--all", "--no-trunc", "--format=\(ContainerSummary.format)"]
                + labels.map { "--filter=label=\(labelFilter($0.name, $0.value))" }
        )
    }

    /// Lists the running containers that publish a TCP port of the host, for `ContainerSummary`.
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
    /// - Parameter readingEnvironment: whether its input holds the variables as lines of `NAME=value`.
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
        // The long name of the option is not the same in old and in new clients.
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

    /// Removes a container and its anonymous volumes, even while it runs.
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

    /// Extracts the tar archive of its input into a folder of a container. The folder must exist.
    public static func copyArchive(into container: String, path: String) -> DockerCommand {
        DockerCommand("cp", ["--", "-", "\(container):\(path)"], input: .stream, deadline: nil)
    }

    /// Prints a file or folder of a container as a tar archive. A link is followed.
    static func copyArchive(from container: String, path: String) -> DockerCommand {
        DockerCommand("cp", ["--follow-link", "--", "\(container):\(path)", "-"])
    }

    /// Waits until a container's program has ended, and prints its exit status.
    static func wait(_ container: String) -> DockerCommand {
        DockerCommand("wait", ["--", container], deadline: nil)
    }

    /// Prints the last lines that a container has written, in the form that `ContainerLog` reads.
    public static func logsTail(_ container: String) -> DockerCommand {
        // The engine takes long lines in pieces of 16 KiB, and each piece counts.
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

    /// Fails if the engine cannot read what a container has written. It prints nothing.
    public static func logsProbe(_ container: String) -> DockerCommand {
        DockerCommand("logs", ["--tail=0", "--", container], deadline: .seconds(15))
    }

    /// Prints the last lines that a container has written, both streams in their order. If it follows
    /// them, it also prints what comes from then on, until the container stops or the command is ended.
    public static func logs(_ container: String, lines: Int, follow: Bool) -> DockerCommand {
        var command = DockerCommand(
            "logs",
            (follow ? ["--follow"] : []) + ["--tail=\(max(0, lines))", "--", container],
            output: .merged,
            deadline: nil,
            outputLimit: 0
        )
        // Its reader keeps what it needs.
        command.keepsLines = false
        return command
    }
}
