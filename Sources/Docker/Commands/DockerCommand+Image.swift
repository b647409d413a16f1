import Engine
import Subprocess

extension DockerCommand {
    /// Pulls an image. It writes to a terminal: only there does docker tell bytes.
    public static func pull(image: String, platform: String? = nil) -> DockerCommand {
        DockerCommand(
            "pull",
            (platform.map { ["--platform=\($0)"] } ?? []) + ["--", image],
            output: .terminal,
            deadline: nil,
            outputLimit: 0
        )
    }

    /// What the engine knows of an image, as `Image` reads it.
    public static func imageInspect(_ image: String) -> DockerCommand {
        DockerCommand("image inspect", ["--format=\(Image.format)", "--", image])
    }

    /// How much room each kind of thing takes, one JSON object a line.
    static func roomTaken() -> DockerCommand {
        DockerCommand("system df", ["--format={{json .}}"], deadline: .seconds(30))
    }

    /// Removes images that no container and no other name uses, and prints which are gone.
    static func imageRemove(_ ids: [String]) -> DockerCommand {
        DockerCommand("image rm", ["--"] + ids, deadline: .seconds(300))
    }

    /// The image's manifest, or its list of manifests, asked of the registry by the client itself.
    ///
    /// A registry on this host's loopback may lack TLS, as it may for the engine.
    public static func manifestInspect(image: String) -> DockerCommand {
        let isLoopback = (try? ImageReference(image))?.isLoopback ?? false
        return DockerCommand(
            "manifest inspect",
            (isLoopback ? ["--insecure"] : []) + ["--", image],
            deadline: .seconds(30)
        )
    }
}
