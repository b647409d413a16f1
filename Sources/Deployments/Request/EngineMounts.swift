/// The paths in a container over which the engine mounts something of its own at the start. The
/// program does not see anything that is copied there.
public enum EngineMounts {
    /// The virtual file systems of the kernel.
    public static let folders = ["/proc", "/sys", "/dev"]
    /// Files that the engine writes for each container.
    public static let files = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"]

    /// The one of these places that the path is or lies in; nil if there is none.
    ///
    /// - Parameter path: an absolute path with single slashes and no slash at its end.
    public static func place(over path: String) -> String? {
        (folders + files).first { isAt(path, place: $0) }
    }

    /// Whether a path is the place or lies below it.
    public static func isAt(_ path: String, place: String) -> Bool {
        place == path || path.utf8.starts(with: "\(place)/".utf8)
    }
}
