import Testing

@testable import Deployments

@Suite struct ImageBuildTests {
    @Test(arguments: [
        ("app", "slipway/app"), ("My_App..x", "slipway/my-app-x"), ("a-", "slipway/a"),
        ("0--._a__b", "slipway/0-a-b"), ("A.B", "slipway/a-b"),
    ])
    func appsAreNamedAsImagesMayBe(_ app: String, _ name: String) {
        #expect(ImageBuild.repository(of: app) == name)
        #expect(RequestDecoding.faultOfImage(name + ":0123abcd") == nil)
    }

    @Test func everyDeploymentsImageHasItsOwnName() throws {
        var request = DeploymentRequest(app: "App", folder: "/a", containerName: "c", image: "i")
        let id = DeploymentID()
        #expect(request.naming(imageOf: id) == request)
        request.build = ImageBuild()
        #expect(request.naming(imageOf: id).image == "slipway/app:\(id.text.prefix(8))")
    }

    @Test(arguments: [
        "A", "_", "a1", "VERSION", "NODE_ENV", "GO_VERSION", "ENVIRONMENT", "USERNAME",
    ])
    func argumentsAreTaken(_ name: String) {
        #expect(ImageBuild.faultOfArgument(name) == nil)
    }

    @Test(arguments: [
        "", "1a", "a-b", "a=b", "a b", "ä", "A\u{300}", "a\u{0}", "PATH", "path", "Home",
        "LD_PRELOAD",
        "DOCKER_HOST", "http_proxy", "All_Proxy", "GODEBUG", "BASH_ENV", "ENV", "PYTHONPATH",
        "SSL_CERT_DIR", "GIT_DIR", String(repeating: "A", count: 256),
    ])
    func whatWouldSteerTheClientIsRefused(_ name: String) {
        #expect(ImageBuild.faultOfArgument(name) != nil)
    }

    @Test func aRequestComesBackWithoutItsArguments() throws {
        let json = try JSONValue(
            parsing: Array(
                """
                {"script_name":"App","script_folder":"/srv/a","build":{"dockerfile":"./x//y",\
                "target":"Web","args":{"TOKEN":"a-secret"}}}
                """.utf8
            )
        )
        let request = try RequestDecoder(defaults: RequestDefaults()).decode(json)
        #expect(request.copy == .none && request.pull == .missing)
        #expect(request.image == "slipway/app")
        let build = ImageBuild(
            dockerfile: "x/y",
            target: "Web",
            arguments: ["TOKEN": "a-secret"]
        )
        #expect(request.build == build)
        let kept = request.json
        #expect(!kept.text.contains("a-secret"))
        #expect(DeploymentRequest.buildArgumentNames(kept) == ["TOKEN"])
        var wanted = request
        wanted.build?.arguments = [:]
        #expect(DeploymentRequest(json: kept) == wanted)
    }

    @Test func whatABuildCannotBeBesideIsRefused() throws {
        func fields(_ text: String) throws -> [String] {
            let json = try JSONValue(parsing: Array(#"{"script_name":"a","build":\#(text)}"#.utf8))
            do throws(RequestFaults) {
                _ = try RequestDecoder(defaults: RequestDefaults()).decode(json)
                return []
            } catch {
                return error.faults.map(\.field)
            }
        }
        #expect(try fields("{}") == ["script_folder"])
        #expect(try fields(#"{},"script_folder":"/a","registry_image":"a""#) == ["registry_image"])
        #expect(try fields(#"{},"script_folder":"/a","pull":"never""#) == ["pull"])
        #expect(try fields(#"{"dockerfile":"../a"},"script_folder":"/a""#) == ["build.dockerfile"])
        #expect(try fields(#"{},"script_folder":"/a","copy":"before_start""#) == [])
    }
}
