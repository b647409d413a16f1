internal import CLinux

/// What the program holds of the system's memory.
public enum Heap {
    /// Gives the system back the whole pages that are free within the heap; takes some
    /// milliseconds, in which other threads may have to wait for memory.
    public static func giveBack() {
        malloc_trim(0)
    }
}
