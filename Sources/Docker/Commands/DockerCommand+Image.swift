import Deployments
public import Engine
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

    /// Removes images that no container and no other name uses, or names of images, and prints which are
    /// gone.
    static func imageRemove(_ images: [String]) -> DockerCommand {
        DockerCommand("image rm", ["--"] + images, deadline: .seconds(300))
    }

    /// Builds an image of the archive that it reads. The arguments' values are in its environment alone.
    public static func build(_ specification: BuildSpecification) -> DockerCommand {
        let build = specification.build
        var parameters = [
            "--force-rm", "--tag=\(specification.name)", "--file=\(build.dockerfile)",
        ]
        if let target = build.target { parameters.append("--target=\(target)") }
        if let platform = specification.platform { parameters.append("--platform=\(platform)") }
        if specification.pulls { parameters.append("--pull") }
        parameters += build.arguments.keys.sorted().map { "--build-arg=\($0)" }
        return DockerCommand(
            "build",
            parameters + ["-"],
            environment: build.arguments.merging(["BUILDKIT_PROGRESS": "plain"]) { $1 },
            input: .stream,
            output: .merged,
            deadline: nil,
            outputLimit: 0
        )
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
