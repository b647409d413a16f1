import Deployments
import Testing

@Suite struct RequestDecoderTests {
    private let decoder = RequestDecoder(defaults: RequestDefaults())

    /// Decodes the least request with these members in it, or in place of its own.
    private func decode(_ extra: String = "") throws -> DeploymentRequest {
        var members = ["script_name": "\"shop\"", "script_folder": "\"/srv/shop\""]
        let json = try JSONValue(parsing: Array("{\(extra)}".utf8))
        for member in json.members ?? [] { members[member.name] = member.value.text }
        let text = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return try decoder.decode(
            try JSONValue(parsing: Array("{\(text.joined(separator: ","))}".utf8))
        )
    }

    /// The fields with faults.
    private func faults(_ extra: String) throws -> [FieldFault] {
        do {
            _ = try decode(extra)
            return []
        } catch let error as RequestFaults {
            return error.faults
        }
    }

    @Test func leastRequestGetsTheDefaults() throws {
        let request = try decode()
        #expect(request.app == "shop")
        #expect(request.folder == "/srv/shop")
        #expect(request.containerName == "fractalic-shop")
        #expect(request.image == "ghcr.io/fractalic-ai/fractalic:latest")
        #expect(request.environment == "default")
        #expect(request.containerPath == "/payload/shop")
        #expect(request.pull == .always)
        #expect(request.health == HealthPolicy(timeoutSeconds: 60, require: .primary))
        #expect(request.onConflict == .queue)
        #expect(request.copy == .afterStart)
        #expect(request.restart == "unless-stopped")
        #expect(request.ports.map(\.name) == ["frontend", "mcp_manager", "backend", "ai_server"])
        #expect(request.primaryPort?.container == 3000)
        #expect(request.command.isEmpty && request.labels.isEmpty)
        #expect(request.environmentValues.isEmpty)
        #expect(request.platform == nil && request.memory == nil && request.cpus == nil)
        #expect(request.network == nil && request.registryAuth == nil && request.metadata == nil)
    }

    @Test func wordsThatTheKernelDoesNotPassOnAreRefusedByName() throws {
        let limit = String(repeating: "a", count: 102_400)
        #expect(try faults("\"command\":[\"\(limit)\"]") == [])
        #expect(
            try faults("\"command\":[\"x\",\"\(limit)a\"]").map(\.field) == ["command[1]"]
        )
        // Docker is given name and value in one word.
        #expect(
            try faults("\"labels\":{\"l\":\"\(limit.dropLast())\"}").map(\.field) == ["labels.l"]
        )
        #expect(try faults("\"labels\":{\"l\":\"\(limit.dropLast(2))\"}") == [])
    }

    @Test func wordsThatAreTooManyTogetherAreRefusedByTheFieldThatHasMost() throws {
        let word = "\"\(String(repeating: "a", count: 100_000))\""
        let words = Array(repeating: word, count: 6).joined(separator: ",")
        let labels = (0..<5).map { "\"l\($0)\":\(word)" }.joined(separator: ",")
        #expect(try faults("\"command\":[\(words)]") == [])
        #expect(
            try faults("\"command\":[\(words)],\"labels\":{\(labels)}").map(\.field)
                == ["command"]
        )
    }

    @Test func longNameIsCutWhereItIsRepeated() throws {
        let name = String(repeating: "é", count: 250_000)
        let cut = String(repeating: "é", count: 80) + "…"
        for (extra, field) in [
            ("\"\(name)\":1", cut), ("\"env_vars\":{\"\(name)\":1}", "env_vars.\(cut)"),
            ("\"labels\":{\"\(name)\":1}", "labels.\(cut)"),
            ("\"ports\":{\"\(name)\":1}", "ports.\(cut)"),
            ("\"health\":{\"paths\":{\"\(name)\":1}}", "health.paths.\(cut)"),
            ("\"health\":{\"\(name)\":1}", "health.\(cut)"),
        ] {
            let faults = try faults(extra)
            #expect(faults.map(\.field) == [field])
            #expect(faults.allSatisfy { $0.message.utf8.count < 2000 })
        }
    }

    @Test(arguments: [
        "\"health\":{\"timeout_seconds\":1e308}",
        "\"health\":{\"timeout_seconds\":9223372036854775808}",
        "\"health\":{\"timeout_seconds\":-9223372036854775808}", "\"cpus\":1e308",
        "\"cpus\":9223372036854775807", "\"memory\":9223372036854775808",
        "\"memory\":\"9223372036854775807g\"", "\"ports\":{\"frontend\":9223372036854775807}",
        "\"ports\":{\"frontend\":1e308}", "\"ports\":{\"frontend\":{\"container\":1,\"host\":-1}}",
    ])
    func numberOfAnySizeIsAFaultAndNoTrap(_ extra: String) throws {
        #expect(try faults(extra).count == 1)
    }

    @Test func nullAsksForTheDefault() throws {
        let optional = [
            "container_name", "registry_image", "platform", "ports", "env_vars", "environment",
            "container_path", "pull", "health", "on_conflict", "copy", "command", "restart",
            "memory", "cpus", "network", "labels", "registry_auth", "metadata",
        ]
        let nulls = optional.map { "\"\($0)\":null" }.joined(separator: ",")
        #expect(try decode(nulls) == decode())
    }

    @Test func fullRequestIsReadWhole() throws {
        let request = try decode(
            """
            "container_name":"web.1","registry_image":"localhost:5000/a/b:1","platform":"linux/arm64/v8",
            "ports":{"web":{"container":8080,"host":9090,"bind":"::1","path":"/a"},"aux":80},
            "env_vars":{"A":"1","http_proxy":"x"},"environment":"prod","container_path":"/srv//x/./y/",
            "pull":"never","health":{"timeout_seconds":5,"require":["web"],"paths":{"aux":"/up?x=1"}},
            "on_conflict":"supersede","copy":"before_start","command":["serve","-p",""],
            "restart":"on-failure:3","memory":"64M","cpus":1.5,"network":"back","labels":{"a.b":"c"},
            "registry_auth":{"username":"u","password":"p:w"},"metadata":{"z":1,"a":[]}
            """
        )
        #expect(request.containerName == "web.1")
        #expect(request.image == "localhost:5000/a/b:1")
        #expect(request.platform == "linux/arm64/v8")
        #expect(
            request.ports == [
                PortMapping(name: "aux", container: 80, path: "/up?x=1"),
                PortMapping(name: "web", container: 8080, host: 9090, bind: "::1", path: "/a"),
            ]
        )
        #expect(request.environmentValues == ["A": "1", "http_proxy": "x"])
        #expect(request.containerPath == "/srv/x/y")
        #expect(request.pull == .never)
        #expect(request.health == HealthPolicy(timeoutSeconds: 5, require: .named(["web"])))
        #expect(request.onConflict == .supersede)
        #expect(request.copy == .beforeStart)
        #expect(request.command == ["serve", "-p", ""])
        #expect(request.restart == "on-failure:3")
        #expect(request.memory == "64m")
        #expect(request.cpus == "1.5")
        #expect(request.network == "back")
        #expect(request.labels == ["a.b": "c"])
        #expect(request.registryAuth == Credentials(username: "u", password: "p:w"))
        #expect(request.metadata?.text == #"{"z":1,"a":[]}"#)
    }

    @Test(arguments: [
        #""script_name":"A""#, #""script_name":"0.a_b-c""#,
        #""registry_image":"alpine""#, #""registry_image":"a/b__c/d--e:V1.0_x""#,
        #""registry_image":"Registry.example:5000/a@sha256:\#(hex64)""#,
        #""registry_image":"[::1]:5000/a:b""#, #""registry_image":"localhost/a""#,
        #""platform":"windows/amd64""#, #""platform":"linux/arm/v7""#,
        #""ports":{}"#, #""ports":{"a":1,"b":65535,"c":1}"#,
        #""ports":{"a":{"container":80,"host":null,"bind":null,"path":null}}"#,
        #""ports":{"a":{"container":80,"host":81},"b":{"container":80,"host":82}}"#,
        #""ports":{"a":{"container":80,"bind":"0.0.0.0"}}"#,
        #""ports":{},"network":"host""#, #""ports":{},"network":"container:db""#,
        #""ports":{},"health":{"require":"primary"}"#,
        #""env_vars":{"_a.b-c":"line\nline","B":"","LD_X":"\n","Https_Proxy":"\r","DOCKER_X":"a\nb"}"#,
        #""health":{}"#, #""health":{"timeout_seconds":3600,"require":"none"}"#,
        #""restart":"no""#, #""restart":"on-failure""#, #""command":[]"#, #""command":["-x"]"#,
        #""memory":"6m""#, #""memory":6291456"#, #""memory":"1gb""#, #""memory":"8192K""#,
        #""cpus":1"#, #""cpus":"0.01""#, #""cpus":0.5"#,
        #""metadata":{}"#, #""labels":{"Slipway.x":"","x slipway.":""}"#,
    ])
    func allowedValueIsTaken(_ extra: String) throws {
        if extra.contains("x slipway.") {
            #expect(try faults(extra).map(\.field) == ["labels.x slipway."])
        } else {
            #expect(try faults(extra) == [])
        }
    }

    @Test(arguments: [
        (#""script_name":null"#, "script_name"), (#""script_name":7"#, "script_name"),
        (#""script_name":"""#, "script_name"), (#""script_name":"-a""#, "script_name"),
        (#""script_name":"a/b""#, "script_name"), (#""script_name":"a b""#, "script_name"),
        (#""script_name":"é""#, "script_name"), (#""script_name":"a\n""#, "script_name"),
        (#""script_name":"\#(String(repeating: "a", count: 101))""#, "script_name"),
        (#""script_folder":null"#, "script_folder"), (#""script_folder":"""#, "script_folder"),
        (#""script_folder":"a\u0000b""#, "script_folder"),
        (#""script_folder":[]"#, "script_folder"),
        (#""container_name":"a""#, "container_name"), (#""container_name":"""#, "container_name"),
        (#""container_name":"-ab""#, "container_name"),
        (#""container_name":"a/b""#, "container_name"),
        (#""container_name":"\#(String(repeating: "a", count: 129))""#, "container_name"),
        (#""registry_image":"""#, "registry_image"), (#""registry_image":"-a""#, "registry_image"),
        (#""registry_image":"App""#, "registry_image"),
        (#""registry_image":"a:""#, "registry_image"),
        (#""registry_image":"a b""#, "registry_image"),
        (#""registry_image":"a//b""#, "registry_image"),
        (#""registry_image":"a@sha256:12""#, "registry_image"),
        (#""registry_image":"a..b""#, "registry_image"),
        (#""registry_image":"a___b""#, "registry_image"),
        (#""registry_image":"h:0/a""#, "registry_image"),
        (#""registry_image":"h:/a""#, "registry_image"),
        (#""registry_image":"-h.x/a""#, "registry_image"),
        (#""registry_image":"https://h/a""#, "registry_image"),
        (#""registry_image":"\#(hex64)""#, "registry_image"),
        (#""registry_image":"a/""#, "registry_image"),
        (#""registry_image":"\#(String(repeating: "a", count: 256))""#, "registry_image"),
        (#""platform":"linux""#, "platform"), (#""platform":"Linux/amd64""#, "platform"),
        (#""platform":"linux/amd64/v1/x""#, "platform"), (#""platform":"linux//""#, "platform"),
        (#""platform":"-linux/amd64""#, "platform"), (#""platform":"""#, "platform"),
        (#""ports":[]"#, "ports"), (#""ports":3000"#, "ports"),
        (#""ports":{"a":0}"#, "ports.a"), (#""ports":{"a":65536}"#, "ports.a"),
        (#""ports":{"a":-1}"#, "ports.a"), (#""ports":{"a":true}"#, "ports.a"),
        (#""ports":{"a":80.0}"#, "ports.a"), (#""ports":{"a":"80"}"#, "ports.a"),
        (#""ports":{"a":null}"#, "ports.a"), (#""ports":{"a b":80}"#, "ports.a b"),
        (#""ports":{"":80}"#, "ports."), (#""ports":{"a":{}}"#, "ports.a.container"),
        (#""ports":{"a":{"container":true}}"#, "ports.a.container"),
        (#""ports":{"a":{"container":80,"host":0}}"#, "ports.a.host"),
        (#""ports":{"a":{"container":80,"host":"80"}}"#, "ports.a.host"),
        (#""ports":{"a":{"container":80,"bind":"localhost"}}"#, "ports.a.bind"),
        (#""ports":{"a":{"container":80,"bind":"[::1]"}}"#, "ports.a.bind"),
        (#""ports":{"a":{"container":80,"bind":"127.1"}}"#, "ports.a.bind"),
        (#""ports":{"a":{"container":80,"path":"up"}}"#, "ports.a.path"),
        (#""ports":{"a":{"container":80,"path":"/a b"}}"#, "ports.a.path"),
        (#""ports":{"a":{"container":80,"path":"/\r\nX: y"}}"#, "ports.a.path"),
        (#""ports":{"a":{"container":80,"hots":81}}"#, "ports.a.hots"),
        (#""ports":{"a":{"container":80,"host":9},"b":{"container":81,"host":9}}"#, "ports.b.host"),
        (#""ports":{"a":{"container":80,"host":9},"b":{"container":80,"host":9}}"#, "ports.b.host"),
        (#""env_vars":[]"#, "env_vars"), (#""env_vars":{"A":1}"#, "env_vars.A"),
        (#""env_vars":{"A":null}"#, "env_vars.A"), (#""env_vars":{"A":true}"#, "env_vars.A"),
        (#""env_vars":{"1A":""}"#, "env_vars.1A"), (#""env_vars":{"":""}"#, "env_vars."),
        (#""env_vars":{"A=B":""}"#, "env_vars.A=B"), (#""env_vars":{"A":"\u0000"}"#, "env_vars.A"),
        (#""env_vars":{"A":"\#(String(repeating: "é", count: 51_201))"}"#, "env_vars.A"),
        (#""environment":"a b""#, "environment"), (#""environment":"""#, "environment"),
        (#""container_path":"srv""#, "container_path"),
        (#""container_path":"/""#, "container_path"),
        (#""container_path":"/dev/shm/x""#, "container_path"),
        (#""container_path":"//proc/./x""#, "container_path"),
        (#""container_path":"/sys""#, "container_path"),
        (#""container_path":"/etc/hosts""#, "container_path"),
        (#""container_path":"/etc/resolv.conf/x""#, "container_path"),
        (#""container_path":"//.""#, "container_path"),
        (#""container_path":"/a/../b""#, "container_path"),
        (#""container_path":"/a\nb""#, "container_path"),
        (#""container_path":"""#, "container_path"),
        (#""pull":"Always""#, "pull"), (#""pull":true"#, "pull"), (#""copy":"""#, "copy"),
        (#""on_conflict":"wait""#, "on_conflict"),
        (#""health":true"#, "health"), (#""health":{"timeout":5}"#, "health.timeout"),
        (#""health":{"timeout_seconds":0}"#, "health.timeout_seconds"),
        (#""health":{"timeout_seconds":3601}"#, "health.timeout_seconds"),
        (#""health":{"timeout_seconds":1.5}"#, "health.timeout_seconds"),
        (#""health":{"require":"frontend"}"#, "health.require"),
        (#""health":{"require":[]}"#, "health.require"),
        (#""health":{"require":["backend",1]}"#, "health.require[1]"),
        (#""health":{"require":["nosuch"]}"#, "health.require[0]"),
        (#""health":{"paths":[]}"#, "health.paths"),
        (#""health":{"paths":{"nosuch":"/"}}"#, "health.paths.nosuch"),
        (#""health":{"paths":{"backend":"x"}}"#, "health.paths.backend"),
        (
            #""ports":{"a":{"container":1,"path":"/x"}},"health":{"paths":{"a":"/y"}}"#,
            "health.paths.a"
        ),
        (#""command":"serve""#, "command"), (#""command":[1]"#, "command[0]"),
        (#""command":[""]"#, "command[0]"), (#""command":["a",null]"#, "command[1]"),
        (#""command":["a","\u0000"]"#, "command[1]"),
        (#""restart":"sometimes""#, "restart"), (#""restart":"on-failure:x""#, "restart"),
        (#""restart":"on-failure:""#, "restart"), (#""restart":"always:3""#, "restart"),
        (#""restart":false"#, "restart"),
        (#""memory":"lots""#, "memory"), (#""memory":"5m""#, "memory"),
        (#""memory":1024"#, "memory"),
        (#""memory":"1.5g""#, "memory"), (#""memory":"-1g""#, "memory"),
        (#""memory":"m""#, "memory"),
        (#""memory":"99999999999g""#, "memory"), (#""memory":64.5"#, "memory"),
        (#""cpus":0"#, "cpus"), (#""cpus":-1"#, "cpus"), (#""cpus":"two""#, "cpus"),
        (#""cpus":"1e3""#, "cpus"), (#""cpus":1e300"#, "cpus"), (#""cpus":".5""#, "cpus"),
        (#""cpus":true"#, "cpus"),
        (#""network":"-x""#, "network"), (#""network":"""#, "network"),
        (#""network":"a=b,c=d""#, "network"), (#""network":"host""#, "network"),
        (#""network":"container:db""#, "network"),
        (#""ports":{},"network":"container:""#, "network"),
        (#""network":"none""#, "network"),
        (#""labels":[]"#, "labels"), (#""labels":{"a":1}"#, "labels.a"),
        (#""labels":{"a":null}"#, "labels.a"), (#""labels":{"":"x"}"#, "labels."),
        (#""labels":{"a=b":"x"}"#, "labels.a=b"),
        (#""labels":{"slipway.app":"x"}"#, "labels.slipway.app"),
        (#""registry_auth":"u:p""#, "registry_auth"),
        (#""registry_auth":{"username":"u"}"#, "registry_auth.password"),
        (#""registry_auth":{"username":"","password":"p"}"#, "registry_auth.username"),
        (#""registry_auth":{"username":"a:b","password":"p"}"#, "registry_auth.username"),
        (#""registry_auth":{"username":"u","password":"a\nb"}"#, "registry_auth.password"),
        (#""registry_auth":{"username":"u","password":"p","email":"e"}"#, "registry_auth.email"),
        (#""metadata":[]"#, "metadata"), (#""metadata":"x""#, "metadata"),
        (#""metadata":{"a":"\#(String(repeating: "a", count: 4089))"}"#, "metadata"),
        (#""source":{"git":"https://x"}"#, "source"), (#""nosuch":null"#, "nosuch"),
    ])
    func forbiddenValueIsOneFaultOfItsField(_ extra: String, _ field: String) throws {
        let faults = try faults(extra)
        #expect(faults.map(\.field) == [field])
        #expect(faults.allSatisfy { $0.message.count > 10 || $0.message == "is required" })
    }

    @Test func everyFaultIsListed() throws {
        let fields = try faults(
            """
            "script_name":"","env_var":{},"ports":{"a":0,"b":"x"},"pull":"no","health":{"timeout_seconds":0},
            "labels":{"slipway.a":"","slipway.b":""},"memory":true
            """
        ).map(\.field)
        #expect(
            fields == [
                "env_var", "script_name", "ports.a", "ports.b", "pull", "health.timeout_seconds",
                "memory", "labels.slipway.a", "labels.slipway.b",
            ]
        )
    }

    @Test(arguments: [
        ("env_var", "env_vars"), ("envVars", "env_vars"), ("env", "env_vars"),
        ("ENV_VARS", "env_vars"), ("scirpt_name", "script_name"), ("port", "ports"),
        ("image", "registry_image"), ("onconflict", "on_conflict"), ("label", "labels"),
        ("helth", "health"), ("container-name", "container_name"), ("cpu", "cpus"),
    ])
    func misspeltFieldIsToldItsNearestName(_ written: String, _ meant: String) throws {
        let faults = try faults("\"\(written)\":1")
        #expect(
            faults == [FieldFault(field: written, message: "unknown field; did you mean \(meant)?")]
        )
    }

    @Test func messagesNeverRepeatASecret() throws {
        let faults = try faults(
            """
            "env_vars":{"A":12345678,"B":"hunter2\\u0000"},
            "registry_auth":{"username":"u","password":"hunter2\\n"}
            """
        )
        #expect(faults.count == 3)
        #expect(!faults.contains { $0.message.contains("hunter2") || $0.message.contains("1234") })
    }

    @Test func numberInTheEnvironmentIsToldToBeQuoted() throws {
        #expect(try faults(#""env_vars":{"A":1}"#).first?.message.contains("quotes") == true)
    }

    @Test(arguments: ["[]", "null", "\"x\"", "1"])
    func anythingButAnObjectIsOneFault(_ text: String) throws {
        let json = try JSONValue(parsing: Array(text.utf8))
        #expect(throws: RequestFaults.self) { try decoder.decode(json) }
    }

    @Test func containerNameMadeOfTheAppsMustDo() throws {
        var defaults = RequestDefaults()
        defaults.containerPrefix = ""
        let json = try JSONValue(parsing: Array(#"{"script_name":"a","script_folder":"/a"}"#.utf8))
        do {
            _ = try RequestDecoder(defaults: defaults).decode(json)
            Issue.record("a container's name of one letter was taken")
        } catch {
            #expect(error.faults.map(\.field) == ["container_name"])
        }
    }

    @Test func portsOfAnOptionAreReadByTheSameRules() throws {
        let json: JSONValue = ["web": .integer(80), "aux": ["container": .integer(22)]]
        #expect(try RequestDecoder.ports(json: json).map(\.name) == ["aux", "web"])
        do {
            _ = try RequestDecoder.ports(json: ["web": .integer(0)])
            Issue.record("port 0 was taken")
        } catch {
            #expect("\(error)" == "ports.web must be a whole number from 1 to 65535")
        }
    }
}

private let hex64 = String(repeating: "0123456789abcdef", count: 4)
