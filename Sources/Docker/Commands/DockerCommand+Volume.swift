import Engine
import Subprocess

extension DockerCommand {
    /// What the engine knows of volumes, one line for each that is there, as `Volume` reads it. One
    /// that is missing makes the command fail all the same.
    static func volumeInspect(_ names: [String]) -> DockerCommand {
        DockerCommand("volume inspect", ["--format=\(Volume.format)", "--"] + names)
    }

    /// Makes a volume; one of that name that is there stays as it is.
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

    /// The names of the volumes that carry a label, one a line.
    static func volumesByLabel(_ label: String) -> DockerCommand {
        DockerCommand("volume ls", ["--format={{.Name}}", "--filter=label=\(label)"])
    }

    /// Which volumes all containers use, running or not, as `VolumeUse` reads them.
    static func volumeUses() -> DockerCommand {
        DockerCommand(
            "ps",
            ["--all", "--no-trunc", "--format=\(VolumeUse.format)"],
            outputLimit: 16 << 20
        )
    }

    /// The sizes of all volumes, one JSON object a line. The engine counts every file.
    static func volumeSizes() -> DockerCommand {
        DockerCommand(
            "system df",
            ["--verbose", "--format={{range .Volumes}}{{json .}}{{println}}{{end}}"],
            deadline: .seconds(10)
        )
    }
}
