import Deployments
public import Engine
import Subprocess

extension DockerCommand {
    /// Pulls an image. It writes to a terminal, because docker gives numbers of bytes only there.
    public static func pull(image: String, platform: String? = nil) -> DockerCommand {
        DockerCommand(
            "pull",
            (platform.map { ["--platform=\($0)"] } ?? []) + ["--", image],
            output: .terminal,
            deadline: nil,
            outputLimit: 0
        )
    }

    /// Prints what the engine knows about an image, in the form that `Image` reads.
    public static func imageInspect(_ image: String) -> DockerCommand {
        DockerCommand("image inspect", ["--format=\(Image.format)", "--", image])
    }

    /// Prints how much room images, containers and volumes take up, a JSON object on each line.
    static func roomTaken() -> DockerCommand {
        DockerCommand("system df", ["--format={{json .}}"], deadline: .seconds(30))
    }

    /// Removes images that no container and no other name uses, or names of images. Prints what is gone.
    static func imageRemove(_ images: [String]) -> DockerCommand {
        DockerCommand("image rm", ["--"] + images, deadline: .seconds(300))
    }

    /// Builds an image from the archive that it reads. Its environment alone has the arguments' values.
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

    /// Prints the manifest of an image, or its list of manifests. The client asks the registry itself.
    ///
    /// A registry on the loopback address may lack TLS: the engine allows it, too.
    public static func manifestInspect(image: String) -> DockerCommand {
        let isLoopback = (try? ImageReference(image))?.isLoopback ?? false
        return DockerCommand(
            "manifest inspect",
            (isLoopback ? ["--insecure"] : []) + ["--", image],
            deadline: .seconds(30)
        )
    }
}
