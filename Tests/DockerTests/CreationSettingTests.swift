import Deployments
import Engine
import Testing

@testable import Docker

/// Every setting, as the command and as the engine's own interface take it.
@Suite struct CreationSettingTests {
    private var specification: ContainerSpecification {
        get throws {
            let text = #"""
                {"script_name":"shop","copy":"none","ports":{"dns":{"container":53,"protocol":"udp"}},
                "entrypoint":["sh","-c"],"command":["true"],"user":"1000:1000","working_dir":"/srv",
                "hostname":"box","init":true,"read_only":true,"tmpfs":["/run:size=1m"],
                "shm_size":"1m","ulimits":{"nofile":{"soft":1,"hard":2}},"pids_limit":9,
                "cap_drop":["ALL"],"cap_add":["CHOWN"],"extra_hosts":["v6=::1"],"dns":"192.0.2.53",
                "stop_signal":"INT","stop_grace_period":3,
                "healthcheck":{"test":"true","interval":1.5,"timeout":2,"retries":3,"start_period":4},
                "networks":{"front":{"aliases":["api"]},"back":{}},
                "logging":{"driver":"local","options":{"max-size":"1m"}},
                "volumes":[{"source":"data","target":"/a b"},
                    {"source":"/srv/x","target":"/x","read_only":true}],
                "security_opt":["no-new-privileges"],"privileged":true,"pid":"host","ipc":"private",
                "devices":["/dev/null:/dev/x:r"],"gpus":[{"driver":"d","device_ids":["0","1"]}]}
                """#
            var defaults = RequestDefaults()
            defaults.allowsPrivileges = true
            let json = try JSONValue(parsing: Array(text.utf8))
            let request = try RequestDecoder(defaults: defaults).decode(json)
            var specification = ContainerSpecification(name: "n", image: "i")
            specification.command = request.command
            specification.ports = request.ports
            specification.settings = request.settings
            specification.mounts = request.volumes
            specification.network = request.attachments.first
            return specification
        }
    }

    @Test func eachIsAnOptionOfTheCommand() throws {
        let options = try #require(try specification.parameters())
        #expect(
            options == [
                "--name=n", "--pull=never", "--restart=no", "--shm-size=1048576", "--pids-limit=9",
                "--ulimit=nofile=1:2", "--network=name=front,alias=api",
                "--publish=127.0.0.1::53/udp", "--add-host=v6:::1", "--dns=192.0.2.53",
                "--hostname=box", "--entrypoint=sh", "--user=1000:1000", "--workdir=/srv",
                "--init=true", "--stop-signal=INT", "--stop-timeout=3", "--health-cmd=true",
                "--health-interval=1500ms", "--health-timeout=2000ms",
                "--health-start-period=4000ms", "--health-retries=3", "--read-only",
                "--tmpfs=/run:size=1m", "--mount=type=volume,source=data,target=/a b",
                "--mount=type=bind,source=/srv/x,target=/x,readonly", "--log-driver=local",
                "--log-opt=max-size=1m", "--privileged", "--cap-add=CHOWN", "--cap-drop=ALL",
                "--security-opt=no-new-privileges", "--device=/dev/null:/dev/x:r",
                #"--gpus=driver=d,"device=0,1""#, "--pid=host", "--ipc=private", "--", "i", "-c",
                "true",
            ]
        )
    }

    @Test func eachIsAMemberOfTheEnginesRequest() throws {
        let json = try specification.json([])
        let host = try #require(json["HostConfig"])
        #expect(json["Entrypoint"] == .strings(["sh", "-c"]) && json["Cmd"] == .strings(["true"]))
        #expect(json["User"] == "1000:1000" && json["WorkingDir"] == "/srv")
        #expect(json["Hostname"] == "box" && json["StopSignal"] == "INT")
        #expect(json["StopTimeout"] == .integer(3) && json["ExposedPorts"] == ["53/udp": [:]])
        #expect(
            json["Healthcheck"] == [
                "Test": .strings(["CMD-SHELL", "true"]), "Interval": .integer(1_500_000_000),
                "Timeout": .integer(2_000_000_000), "StartPeriod": .integer(4_000_000_000),
                "Retries": .integer(3),
            ]
        )
        #expect(
            json["NetworkingConfig"] == [
                "EndpointsConfig": ["front": ["Aliases": .strings(["api"])]]
            ]
        )
        let expected: [(String, JSONValue)] = [
            ("NetworkMode", "front"), ("Init", .bool(true)), ("ReadonlyRootfs", .bool(true)),
            ("Tmpfs", ["/run": "size=1m"]), ("ShmSize", .integer(1_048_576)),
            (
                "Ulimits",
                .array([["Name": "nofile", "Soft": .integer(1), "Hard": .integer(2)]])
            ),
            ("PidsLimit", .integer(9)), ("CapAdd", .strings(["CHOWN"])),
            ("CapDrop", .strings(["ALL"])), ("ExtraHosts", .strings(["v6:::1"])),
            ("Dns", .strings(["192.0.2.53"])), ("Privileged", .bool(true)),
            ("LogConfig", ["Type": "local", "Config": ["max-size": "1m"]]),
            (
                "Mounts",
                .array([
                    ["Type": "volume", "Target": "/a b", "Source": "data"],
                    [
                        "Type": "bind", "Target": "/x", "Source": "/srv/x", "ReadOnly": .bool(true),
                    ],
                ])
            ),
            ("SecurityOpt", .strings(["no-new-privileges"])), ("PidMode", "host"),
            ("IpcMode", "private"),
        ]
        for (name, value) in expected { #expect(host[name] == value, "\(name)") }
        #expect(host["DeviceRequests"]?.elements?.first?["DeviceIDs"] == .strings(["0", "1"]))
        #expect(host["Devices"]?.elements?.first?["PathInContainer"] == "/dev/x")
    }

    @Test func whatHasNoOptionGoesToTheEngineItself() throws {
        var specification = try specification
        specification.settings.check?.test = .command(["/app", "check"])
        #expect(specification.parameters() == nil)
        let json = specification.json([])
        #expect(json["Healthcheck"]?["Test"] == .strings(["CMD", "/app", "check"]))
    }

    @Test(arguments: ["/m,type=bind", "/m\u{600},type=bind", "/m\"", "/m\u{600}\"\",type=bind"])
    func noPathIsReadAsAnotherField(_ path: String) throws {
        var specification = ContainerSpecification(name: "n", image: "i")
        specification.mounts = [ContainerMount(.volume("data"), at: path)]
        let option = try #require(specification.parameters()?.first { $0.hasPrefix("--mount=") })
        // As a reader of RFC 4180 has it.
        let quoted = path.utf8.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] }
        let field = "\"target=\(String(decoding: quoted, as: UTF8.self))\""
        #expect(option == "--mount=type=volume,source=data,\(field)")
    }

    @Test func anEntrypointWithoutWordsIsTakenAway() throws {
        var specification = ContainerSpecification(name: "n", image: "i")
        specification.settings.entrypoint = []
        #expect(specification.parameters()?.contains("--entrypoint=") == true)
        #expect(specification.json([])["Entrypoint"] == .strings([""]))
    }
}
