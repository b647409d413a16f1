import Deployments
import Testing

/// The fields of a container's settings.
@Suite struct ContainerSettingsTests {
    private func decode(
        _ extra: String,
        privileged: Bool = false,
        isAdmin: Bool = true
    ) throws -> DeploymentRequest {
        var defaults = RequestDefaults()
        defaults.allowsPrivileges = privileged
        let text = #"{"script_name":"shop","script_folder":"/srv/shop","ports":{}"#
        return try RequestDecoder(defaults: defaults).decode(
            try JSONValue(parsing: Array("\(text),\(extra)}".utf8)),
            isAdmin: isAdmin
        )
    }

    private func faults(
        _ extra: String,
        privileged: Bool = false,
        isAdmin: Bool = true
    ) throws -> [FieldFault] {
        do {
            _ = try decode(extra, privileged: privileged, isAdmin: isAdmin)
            return []
        } catch let error as RequestFaults {
            return error.faults
        }
    }

    static let allowed = [
        #""entrypoint":["sh","-c"]"#, #""entrypoint":"/bin/sh""#, #""entrypoint":[]"#,
        #""entrypoint":"""#, #""user":"app""#, #""user":"1000""#, #""user":"1000:1000""#,
        #""user":"_apt:www-data""#, #""working_dir":"/""#, #""working_dir":"/srv//app/""#,
        #""hostname":"box-1.example""#, #""init":false"#, #""read_only":true"#,
        #""tmpfs":"/run""#, #""tmpfs":["/run","/tmp:size=64m,mode=1777"]"#, #""shm_size":"64m""#,
        #""shm_size":67108864"#, #""ulimits":{"nofile":1024,"nproc":{"soft":1,"hard":-1}}"#,
        #""pids_limit":-1"#, #""cap_drop":["ALL","net_raw"]"#,
        #""extra_hosts":["db:192.0.2.7","v6=2001:db8::1","gate:host-gateway","b=[::1]"]"#,
        #""extra_hosts":{"db":"192.0.2.7","many":["192.0.2.8","::1"]}"#, #""dns":"192.0.2.53""#,
        #""dns":["192.0.2.53","2001:db8::53"]"#, #""stop_signal":"SIGRTMIN+3""#,
        #""stop_signal":2"#, #""stop_grace_period":0"#,
        #""healthcheck":{"test":"curl -f localhost","interval":1.5,"timeout":2,"retries":3,"start_period":0}"#,
        #""healthcheck":{"test":["CMD","/app","check"]}"#,
        #""healthcheck":{"test":["CMD-SHELL","true"]}"#, #""healthcheck":{"test":["NONE"]}"#,
        #""healthcheck":{"disable":true}"#, #""healthcheck":{"interval":5}"#,
        #""networks":["front","back"]"#,
        #""networks":{"front":{"aliases":["api","api.internal"]},"back":null}"#,
        #""network":"front","networks":{"front":{"aliases":["api"]}}"#,
        #""logging":{"driver":"local","options":{"max-size":"10m","max-file":3,"compress":true}}"#,
        #""logging":{"driver":"none"}"#,
        #""volumes":[{"source":"data","target":"/var/lib/app"}]"#,
        #""volumes":[{"source":"/srv/x","target":"/x","read_only":true}]"#,
        #""secrets":{"db_password":"a\nb","empty":""}"#, #""owner":"1000:1000""#,
        #""owner":"1000""#,
        #""release_command":["migrate","--all"],"release_timeout":10"#,
        #""update":{"order":"stop-first","monitor":30}"#, #""update":{}"#,
        #""ports":{"dns":{"container":53,"protocol":"udp"},"web":{"container":53,"host":53},"d":{"container":53,"host":53,"protocol":"udp"}}"#,
    ]

    @Test(arguments: allowed)
    func allowedValueIsTakenAndKeptWhole(_ extra: String) throws {
        let extra = extra.contains("\"ports\"") ? extra : extra
        let text = #"{"script_name":"shop","script_folder":"/srv/shop","container_name":"shop","#
        let ports = extra.contains("\"ports\"") ? "" : #""ports":{},"#
        let json = try JSONValue(parsing: Array("\(text)\(ports)\(extra)}".utf8))
        let request = try RequestDecoder(defaults: RequestDefaults()).decode(json)
        var kept = try #require(DeploymentRequest(json: request.json))
        // These alone are not kept.
        #expect(kept.secrets.isEmpty)
        #expect(DeploymentRequest.secretNames(request.json) == request.secrets.keys.sorted())
        kept.secrets = request.secrets
        #expect(kept == request)
        for value in request.secrets.values where !value.isEmpty {
            #expect(!request.json.text.contains(JSONValue.string(value).text))
        }
    }

    static let forbidden: [(String, String)] = [
        (#""entrypoint":"sh -c""#, "entrypoint"), (#""entrypoint":[1]"#, "entrypoint[0]"),
        (#""entrypoint":7"#, "entrypoint"), (#""user":"-u""#, "user"), (#""user":"a b""#, "user"),
        (#""user":"1:2:3""#, "user"), (#""user":"4294967295""#, "user"),
        (#""user":"99999999999999999999""#, "user"), (#""user":"""#, "user"),
        (#""working_dir":"app""#, "working_dir"), (#""working_dir":"/a/../b""#, "working_dir"),
        (#""hostname":"-x""#, "hostname"), (#""hostname":"a b""#, "hostname"),
        (#""init":"yes""#, "init"), (#""read_only":1"#, "read_only"),
        (#""tmpfs":["run"]"#, "tmpfs[0]"), (#""tmpfs":["/run:size=1 --x"]"#, "tmpfs[0]"),
        (#""tmpfs":"/proc""#, "tmpfs"), (#""tmpfs":[null]"#, "tmpfs[0]"),
        (#""shm_size":"big""#, "shm_size"), (#""shm_size":-1"#, "shm_size"),
        (#""shm_size":99999999999999999999"#, "shm_size"),
        (#""ulimits":{"bogus":1}"#, "ulimits.bogus"),
        (#""ulimits":{"nofile":-2}"#, "ulimits.nofile"),
        (#""ulimits":{"nofile":{"soft":2,"hard":1}}"#, "ulimits.nofile.soft"),
        (#""ulimits":{"nofile":{"soft":2}}"#, "ulimits.nofile.hard"), (#""ulimits":[]"#, "ulimits"),
        (#""pids_limit":-2"#, "pids_limit"), (#""pids_limit":1.5"#, "pids_limit"),
        (#""cap_drop":["NET RAW"]"#, "cap_drop[0]"), (#""cap_drop":"ALL""#, "cap_drop"),
        (#""extra_hosts":["db"]"#, "extra_hosts[0]"),
        (#""extra_hosts":["db:x"]"#, "extra_hosts[0]"),
        (#""extra_hosts":["-x:192.0.2.1"]"#, "extra_hosts[0]"),
        (#""extra_hosts":{"db":7}"#, "extra_hosts.db"), (#""dns":["ns.example"]"#, "dns[0]"),
        (#""stop_signal":"-9""#, "stop_signal"), (#""stop_signal":0"#, "stop_signal"),
        (#""stop_grace_period":-1"#, "stop_grace_period"),
        (#""stop_grace_period":"10s""#, "stop_grace_period"),
        (#""healthcheck":{"test":[]}"#, "healthcheck.test"),
        (#""healthcheck":{"test":["CMD"]}"#, "healthcheck.test"),
        (#""healthcheck":{"test":"x","disable":true}"#, "healthcheck.disable"),
        (#""healthcheck":{"interval":-1}"#, "healthcheck.interval"),
        (#""healthcheck":{"interval":1e300}"#, "healthcheck.interval"),
        (#""healthcheck":{"retries":99999}"#, "healthcheck.retries"),
        (#""healthcheck":{"tests":1}"#, "healthcheck.tests"),
        (#""networks":["host"]"#, "networks[0]"), (#""networks":["-x"]"#, "networks[0]"),
        (#""networks":["a","a"]"#, "networks[1]"), (#""networks":7"#, "networks"),
        (#""networks":{"a":{"aliases":["x y"]}}"#, "networks.a.aliases[0]"),
        (#""networks":{"a":{"ip":"x"}}"#, "networks.a.ip"),
        (#""network":"host","networks":["a"]"#, "networks"),
        (#""logging":{"driver":"-x"}"#, "logging.driver"),
        (#""logging":{"options":{"a b":"x"}}"#, "logging.options.a b"),
        (#""logging":{"options":{"a":{}}}"#, "logging.options.a"),
        (#""volumes":{}"#, "volumes"), (#""volumes":["data:/x"]"#, "volumes[0]"),
        (#""volumes":[{"target":"/x"}]"#, "volumes[0].source"),
        (#""volumes":[{"source":"data"}]"#, "volumes[0].target"),
        (#""volumes":[{"source":"-x","target":"/x"}]"#, "volumes[0].source"),
        (#""volumes":[{"source":"../x","target":"/x"}]"#, "volumes[0].source"),
        (#""volumes":[{"source":"data","target":"/"}]"#, "volumes[0].target"),
        (#""volumes":[{"source":"data","target":"/a,type=bind"}]"#, "volumes[0].target"),
        (#""volumes":[{"source":"data","target":"/a\u0600,type=bind"}]"#, "volumes[0].target"),
        (#""tmpfs":["/a\u0600:exec --x"]"#, "tmpfs[0]"),
        (#""volumes":[{"source":"data","target":"/proc/x"}]"#, "volumes[0].target"),
        (
            #""volumes":[{"source":"a1","target":"/x"},{"source":"b1","target":"/x"}]"#,
            "volumes[1].target"
        ),
        (#""volumes":[{"source":"data","target":"/x","mode":1}]"#, "volumes[0].mode"),
        (
            #""volumes":[{"source":"data","target":"/payload","read_only":true}]"#,
            "volumes[0].read_only"
        ),
        (
            #""volumes":[{"source":"data","target":"/run/secrets"}],"secrets":{"a":"b"}"#,
            "volumes[0].target"
        ),
        (#""secrets":{"../x":"a"}"#, "secrets.../x"), (#""secrets":{"a":1}"#, "secrets.a"),
        (#""secrets":[]"#, "secrets"), (#""tmpfs":"/payload""#, "container_path"),
        (#""tmpfs":"/run/secrets","secrets":{"a":"b"}"#, "tmpfs"),
        (#""tmpfs":"/x","volumes":[{"source":"data","target":"/x"}]"#, "tmpfs"),
        (#""owner":"app""#, "owner"), (#""owner":"-1""#, "owner"),
        (#""release_command":[]"#, "release_command"),
        (#""release_command":"x""#, "release_command"),
        (#""release_timeout":5"#, "release_timeout"),
        (#""release_command":["x"],"release_timeout":0"#, "release_timeout"),
        (#""update":{"order":"never"}"#, "update.order"),
        (#""update":{"monitor":-1}"#, "update.monitor"),
        (#""update":{"delay":1}"#, "update.delay"),
        (#""ports":{"d":{"container":53,"protocol":"sctp"}}"#, "ports.d.protocol"),
        (#""ports":{"d":{"container":53,"protocol":"udp","path":"/"}}"#, "ports.d.path"),
        (
            #""ports":{"d":{"container":53,"protocol":"udp"}},"health":{"require":["d"]}"#,
            "health.require"
        ),
        (#""copy":"none""#, "script_folder"),
        (#""extra_hosts":{"db\u0000":"192.0.2.7"}"#, "extra_hosts.db\u{0}"),
        (
            #""healthcheck":{"test":""# + String(repeating: "x", count: 102_401) + #""}"#,
            "healthcheck.test"
        ),
        (
            #""healthcheck":{"test":["CMD",""# + String(repeating: "x", count: 102_401) + #""]}"#,
            "healthcheck.test[1]"
        ),
    ]

    @Test(arguments: forbidden)
    func forbiddenValueIsOneFaultOfItsField(_ extra: String, _ field: String) throws {
        let faults: [FieldFault]
        if extra.contains("\"ports\"") {
            let text = "{\"script_name\":\"shop\",\"script_folder\":\"/srv/shop\",\(extra)}"
            do {
                _ = try RequestDecoder(defaults: RequestDefaults())
                    .decode(try JSONValue(parsing: Array(text.utf8)))
                faults = []
            } catch let error as RequestFaults {
                faults = error.faults
            }
        } else {
            faults = try self.faults(extra)
        }
        #expect(faults.map(\.field) == [field], "\(faults)")
    }

    static let privileges = [
        ("gpus", #""all""#), ("gpus", "2"),
        ("gpus", #"[{"driver":"nvidia","device_ids":["0","1"]}]"#),
        ("gpus", #"[{"count":"all"}]"#), ("devices", #"["/dev/null:/dev/x:rw"]"#),
        ("devices", #"[{"source":"/dev/null","target":"/dev/y"}]"#), ("cap_add", #"["NET_ADMIN"]"#),
        ("security_opt", #"["no-new-privileges","seccomp=unconfined","apparmor=x"]"#),
        ("privileged", "true"), ("pid", #""host""#), ("ipc", #""shareable""#),
    ]

    @Test(arguments: privileges)
    func privilegesAreForAdminsWhereTheServerAllowsThem(_ field: String, _ value: String) throws {
        let extra = "\"\(field)\":\(value)"
        let refused = try faults(extra)
        #expect(refused.map(\.field) == [field])
        #expect(refused.first?.message.contains("--allow-privileged") == true)
        #expect(try faults(extra, privileged: true, isAdmin: false).map(\.field) == [field])
        let request = try decode(extra, privileged: true)
        #expect(DeploymentRequest(json: request.json) == request)
    }

    @Test(arguments: [
        ("gpus", "0"), ("gpus", #""some""#), ("gpus", "[]"), ("devices", #"["null"]"#),
        ("devices", #"["/dev/null:/dev/x:rwx"]"#), ("cap_add", #"["X Y"]"#), ("privileged", "1"),
        ("security_opt", #"["seccomp=/etc/shadow"]"#), ("security_opt", #"["--privileged"]"#),
        ("pid", #""container:""#), ("ipc", #""all""#),
    ])
    func faultyPrivilegeIsNamed(_ field: String, _ value: String) throws {
        let faults = try faults("\"\(field)\":\(value)", privileged: true)
        #expect(faults.count == 1)
        #expect(faults.first?.field.hasPrefix(field) == true)
    }

    @Test func withoutAFolderNothingIsCopied() throws {
        let text = #"{"script_name":"shop","copy":"none","ports":{}}"#
        let json = try JSONValue(parsing: Array(text.utf8))
        let request = try RequestDecoder(defaults: RequestDefaults()).decode(json)
        #expect(request.folder == nil && request.copy == .none)
        #expect(DeploymentRequest(json: request.json) == request)
    }
}
