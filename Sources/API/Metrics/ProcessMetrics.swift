import Foundation
import Glibc
import Metrics

/// The standard metrics of processes, which every program has under the same names.
enum ProcessMetrics {
    /// The present metrics; those that the system does not provide are left out.
    static var metrics: [Metric] {
        var metrics: [Metric] = []
        let page = Double(sysconf(Int32(_SC_PAGESIZE)))
        if let text = text("/proc/self/stat") {
            let status = Status(text)
            let tick = Double(sysconf(Int32(_SC_CLK_TCK)))
            if let ticks = status.number(.userTicks), let more = status.number(.systemTicks) {
                metrics.append(
                    .counter(
                        "process_cpu_seconds_total",
                        "Total user and system CPU time spent in seconds.",
                        fraction: (ticks + more) / tick
                    )
                )
            }
            if let ticks = status.number(.start), let boot = bootTime {
                metrics.append(
                    .gauge(
                        "process_start_time_seconds",
                        "Start time of the process since unix epoch in seconds.",
                        boot + ticks / tick
                    )
                )
            }
            if let pages = status.number(.residentPages) {
                metrics.append(
                    .gauge(
                        "process_resident_memory_bytes",
                        "Resident memory size in bytes.",
                        pages * page
                    )
                )
            }
            if let bytes = status.number(.virtualBytes) {
                metrics.append(
                    .gauge(
                        "process_virtual_memory_bytes",
                        "Virtual memory size in bytes.",
                        bytes
                    )
                )
            }
        }
        // Reading the folder opens one descriptor, which is not counted.
        if let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            metrics.append(
                .gauge("process_open_fds", "Number of open file descriptors.", names.count - 1)
            )
        }
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            metrics.append(
                .gauge(
                    "process_max_fds",
                    "Maximum number of open file descriptors.",
                    Double(limit.rlim_cur)
                )
            )
        }
        return metrics
    }

    /// The fields of a line of `/proc/PID/stat` after the program's name, which may contain
    /// anything.
    struct Status {
        private let fields: [Substring]

        /// The positions of fields, counted from 1 as in proc(5).
        enum Field: Int {
            case userTicks = 14
            case systemTicks = 15
            case start = 22
            case virtualBytes = 23
            case residentPages = 24
        }

        init(_ line: String) {
            fields =
                line.lastIndex(of: ")").map {
                    line[line.index(after: $0)...].split(whereSeparator: \.isWhitespace)
                } ?? []
        }

        func number(_ field: Field) -> Double? {
            // The first field after the name is the third.
            let index = field.rawValue - 3
            return index < fields.count ? Double(fields[index]) : nil
        }
    }

    /// The time of the machine's start, in seconds since 1970.
    private static var bootTime: Double? {
        text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst(6)) }
    }

    private static func text(_ path: String) -> String? {
        // A file of the kernel has no size of its own, so it is read to its end.
        guard let file = FileHandle(forReadingAtPath: path),
            let data = try? file.readToEnd()
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
