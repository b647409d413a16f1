import Deployments
import Docker
import Engine
import Foundation
import Journal
import Synchronization
import Testing

@testable import Executor

/// An engine that is a shell script: it remembers its containers, and a test can have each command
/// do something else. With an executor on it.
final class ScriptedEngine: Sendable {
    let folder: String
    let journal: SQLiteJournal
    let executor: Executor
    private let happened = Mutex<[Event]>([])

    /// What was committed since the start.
    var events: [Event] { happened.withLock { $0 } }

    /// Runs the test on an engine of its own, or on the one that another is on.
    static func with(
        _ engine: String? = nil,
        changing change: (inout ExecutorOptions) -> Void = { _ in },
        _ body: (ScriptedEngine) async throws -> Void
    ) async throws {
        let own = FileManager.default.temporaryDirectory.path + "/scripted-\(UUID())"
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: own) }
        let engine = engine ?? own
        for name in ["", "/containers", "/app"] {
            try FileManager.default.createDirectory(
                atPath: own + name,
                withIntermediateDirectories: true
            )
        }
        try Data("content".utf8).write(to: URL(fileURLWithPath: "\(own)/app/file"))
        let journal = try await SQLiteJournal.open(directory: "\(own)/data")
        var options = ExecutorOptions(
            privateFolder: "\(own)/private",
            roots: SourceRoots([own])
        )
        options.enginePatience = .milliseconds(300)
        change(&options)
        let scripted = try ScriptedEngine(engine, own, journal, options)
        do {
            try await body(scripted)
        } catch {
            await scripted.executor.close(drain: .zero)
            await journal.close()
            throw error
        }
        await scripted.executor.close(drain: .zero)
        await journal.close()
    }

    private let own: String

    private init(
        _ folder: String,
        _ own: String,
        _ journal: SQLiteJournal,
        _ options: ExecutorOptions
    ) throws {
        self.folder = folder
        self.own = own
        self.journal = journal
        let program = "\(folder)/docker"
        if !FileManager.default.fileExists(atPath: program) {
            let made = FileManager.default.createFile(
                atPath: program,
                contents: Data(Self.script.utf8),
                attributes: [.posixPermissions: 0o700]
            )
            guard made else { throw CocoaError(.fileWriteUnknown) }
            try makeProgram(program)
        }
        executor = Executor(
            options: options,
            engine: DockerEngine(
                runner: CommandRunner(
                    configuration: try DockerConfiguration(
                        executable: program,
                        environment: ["PATH": "/usr/bin:/bin"]
                    ),
                    grace: .milliseconds(200)
                )
            ),
            journal: journal
        )
        journal.publish { [weak self] commits in
            for commit in commits {
                if case .progress(let event) = commit.change {
                    self?.happened.withLock { $0.append(event) }
                }
            }
        }
    }

    /// A request that publishes nothing.
    func request(_ name: String, app: String = "app") -> DeploymentRequest {
        DeploymentRequest(app: app, folder: "\(own)/app", containerName: name, image: "image:1")
    }

    /// Asks for a deployment and waits for its end.
    @discardableResult
    func deploy(_ request: DeploymentRequest, tenant: String = "default") async throws -> Event {
        let id = try await executor.submit(request, accessScope: AccessScope(tenant: tenant))
        return try await end(of: id)
    }

    func end(of id: DeploymentID) async throws -> Event {
        try await event("the end") { $0.deploymentID == id && $0.stage.isFinal }
    }

    /// Waits for an event.
    func event(_ what: Comment, _ isIt: (Event) -> Bool) async throws -> Event {
        try await eventually(what) { events.first(where: isIt) }
    }

    /// Waits until it gives something, for a minute at most.
    func eventually<Value>(
        _ what: Comment,
        _ value: () async throws -> Value?
    ) async throws -> Value {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if let value = try await value() { return value }
            // Leaves the machine to what is waited for.
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(what)
        throw CancellationError()
    }

    /// Has a command do something before, or instead of, its own work: `exit` ends it.
    func on(_ verb: String, _ script: String) throws {
        try Data(script.utf8).write(to: URL(fileURLWithPath: "\(folder)/on-\(verb)"))
    }

    /// Makes the file that a script waits for.
    func allow(_ name: String) {
        _ = FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil)
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(folder)/\(name)")
    }

    /// The commands so far: the verb, then the arguments.
    var calls: [String] {
        let text = FileManager.default.contents(atPath: "\(folder)/calls") ?? Data()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func calls(_ verb: String) -> [String] { calls.filter { $0.hasPrefix("\(verb) ") } }

    /// The container's fields, by its name; nil if there is none.
    func container(_ name: String) -> [String: String]? {
        for id in ids {
            func read(_ field: String) -> String {
                let path = "\(folder)/containers/\(id)/\(field)"
                let data = FileManager.default.contents(atPath: path)
                return String(decoding: data ?? Data(), as: UTF8.self)
                    .trimmingCharacters(in: .newlines)
            }
            guard read("name") == name else { continue }
            return ["id": id, "status": read("status"), "labels": read("labels")]
        }
        return nil
    }

    var ids: [String] {
        let path = "\(folder)/containers"
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// Makes a container by hand, with the labels of another where it is named.
    func make(_ name: String, id: Character, copying other: String? = nil) throws {
        let place = "\(folder)/containers/\(String(repeating: id, count: 64))"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let labels = other.flatMap { container($0)?["labels"] } ?? ""
        for (field, text) in [("name", name), ("status", "running"), ("labels", labels)] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(place)/\(field)"))
        }
    }

    private static let script = #"""
        #!/bin/sh
        dir=${0%/*}
        case $1 in container|image|manifest|network) verb="$1-$2"; shift 2 ;; *) verb=$1; shift ;; esac
        printf '%s %s\n' "$verb" "$*" >>"$dir/calls"
        missing() { echo "Error response from daemon: No such container: $1" >&2; exit 1; }
        # The folder of the container of that id, or name.
        find() {
            for one in "$dir"/containers/*; do
                [ -d "$one" ] || continue
                case ${one##*/} in "$1"*) echo "$one"; return ;; esac
                [ "$(cat "$one/name")" != "$1" ] || { echo "$one"; return; }
            done
        }
        for last in "$@"; do :; done
        hold() { until [ -e "$dir/$1" ]; do sleep 0.01; done; }
        [ ! -f "$dir/on-$verb" ] || . "$dir/on-$verb"
        case $verb in
        version) echo '{"Client":{"Version":"1"},"Server":{"Version":"1","Os":"linux","Arch":"amd64"}}' ;;
        image-inspect)
            echo '{"id":"sha256:1","digests":["image@sha256:2"],"os":"linux","architecture":"amd64","variant":"","config":{}}' ;;
        pull) printf 'Digest: sha256:2\nStatus: Image is up to date for image:1\n' ;;
        network-inspect) ;;
        create)
            name='' labels=''
            for word in "$@"; do
                case $word in
                --name=*) name=${word#*=} ;;
                --label=*) pair=${word#*=}; labels="$labels,\"${pair%%=*}\":\"${pair#*=}\"" ;;
                esac
            done
            if [ -n "$(find "$name")" ]; then
                echo "Error response from daemon: Conflict. The container name \"/$name\" is already in use by container \"x\"." >&2
                exit 1
            fi
            id=$(printf '%012d%052d' "$(grep -c '^create ' "$dir/calls")" 1)
            mkdir "$dir/containers/$id"
            echo "$name" >"$dir/containers/$id/name"
            echo created >"$dir/containers/$id/status"
            echo "${labels#,}" >"$dir/containers/$id/labels"
            echo "$id" ;;
        container-inspect)
            status=0
            while [ "$1" != -- ]; do shift; done
            shift
            for asked in "$@"; do
                one=$(find "$asked")
                if [ -z "$one" ]; then
                    echo "Error response from daemon: No such container: $asked" >&2
                    status=1
                    continue
                fi
                state=$(cat "$one/status")
                [ "$state" = running ] && up=true || up=false
                echo '{"id":"'"${one##*/}"'","name":"/'"$(cat "$one/name")"'","image":"sha256:1","state":{"Status":"'"$state"'","Running":'$up',"ExitCode":0,"OOMKilled":false},"restarts":0,"ports":{},"labels":{'"$(cat "$one/labels")"'},"healthcheck":null,"memory":0,"bindings":{}}'
            done
            exit $status ;;
        ps)
            for one in "$dir"/containers/*; do
                [ -d "$one" ] || continue
                for word in "$@"; do
                    case $word in --filter=label=*)
                        pair=${word#--filter=label=}
                        grep -q "\"${pair%%=*}\":\"${pair#*=}\"" "$one/labels" || continue 2 ;;
                    esac
                done
                echo '{"id":"'"${one##*/}"'","name":"'"$(cat "$one/name")"'","state":"'"$(cat "$one/status")"'"}'
            done ;;
        start | stop | update | rm)
            one=$(find "$last")
            [ -n "$one" ] || missing "$last"
            case $verb in
            start) echo running >"$one/status" ;;
            stop) echo exited >"$one/status" ;;
            rm) rm -r "$one" ;;
            esac ;;
        rename)
            for name in "$@"; do [ "$name" = "$last" ] || [ "$name" = -- ] || one=$(find "$name"); done
            [ -n "$one" ] || missing
            echo "$last" >"$one/name" ;;
        cp) cat >/dev/null ;;
        logs) ;;
        *) echo "unexpected: $verb" >&2; exit 1 ;;
        esac
        """#
}
