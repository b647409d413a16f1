internal import CLinux
internal import Glibc

/// Controls how much of the system's memory the program keeps.
public enum Heap {
    /// Limits the number of the heap's arenas to the number of processors. Must be called before
    /// there are many threads.
    ///
    /// Each arena keeps the most memory that it ever needed at once. The usual limit is eight
    /// arenas a processor; with threads that come and go, that would add up as long as the program
    /// runs.
    public static func limitParts() {
        mallopt(M_ARENA_MAX, Int32(clamping: max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    }

    /// Returns the heap's free pages and the pages of the program's code to the system. This takes
    /// some milliseconds, during which other threads may have to wait for memory.
    public static func giveBack() {
        malloc_trim(0)
        clinux_give_code_back()
    }
}
