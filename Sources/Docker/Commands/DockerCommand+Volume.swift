import Engine
import Subprocess

extension DockerCommand {
    /// Prints what the engine knows about volumes: a line for each that exists, in the form that `Volume`
    /// reads. The command fails if one of them is missing.
    static func volumeInspect(_ names: [String]) -> DockerCommand {
        DockerCommand("volume inspect", ["--format=\(Volume.format)", "--"] + names)
    }

    /// Makes a volume. If there is one of that name, it stays as it is.
    static func volumeCreate(_ name: String, labels: [String: String]) -> DockerCommand {
        DockerCommand(
            "volume create",
            labels.sorted { $0.key < $1.key }.map { "--label=\($0.key)=\($0.value)" }
                + ["--", name]
        )
    }

    /// Removes a volume that nothing uses.
    static func volumeRemove(_ name: String) -> DockerCommand {
        DockerCommand("volume rm", ["--", name], deadline: .seconds(120))
    }

    /// Prints the names of the volumes that carry a label, one on each line.
    static func volumesByLabel(_ label: String) -> DockerCommand {
        DockerCommand("volume ls", ["--format={{.Name}}", "--filter=label=\(label)"])
    }

    /// Prints the volumes that containers use, running or not, in the form that `VolumeUse` reads.
    static func volumeUses() -> DockerCommand {
        DockerCommand(
            "ps",
            ["--all", "--no-trunc", "--format=\(VolumeUse.format)"],
            outputLimit: 16 << 20
        )
    }

    /// Prints the sizes of all volumes, a JSON object on each line. The engine looks at every file for it.
    static func volumeSizes() -> DockerCommand {
        DockerCommand(
            "system df",
            ["--verbose", "--format={{range .Volumes}}{{json .}}{{println}}{{end}}"],
            deadline: .seconds(10)
        )
    }
}
