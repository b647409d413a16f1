/// The places in a container over which the engine mounts something of its own when it is started:
/// what is copied there is not seen by the program.
public enum EngineMounts {
    /// File systems that the kernel makes up.
    public static let folders = ["/proc", "/sys", "/dev"]
    /// Files that the engine writes for each container.
    public static let files = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"]

    /// The place at or above a path; nil if there is none.
    ///
    /// - Parameter path: absolute, with single slashes, none of them at its end.
    public static func place(over path: String) -> String? {
        (folders + files).first { isAt(path, place: $0) }
    }

    /// Whether a path is a place, or lies below it.
    public static func isAt(_ path: String, place: String) -> Bool {
        place == path || path.utf8.starts(with: "\(place)/".utf8)
    }
}
