internal import CLinux
internal import Glibc

/// What the program holds of the system's memory.
public enum Heap {
    /// Keeps the heap from being spread over more parts than there are processors. To be called
    /// before there are many threads.
    ///
    /// Each part keeps the most that was ever needed of it at once. With eight a processor, as is
    /// usual, and threads that come and go, that adds up for as long as the program runs.
    public static func limitParts() {
        mallopt(M_ARENA_MAX, Int32(clamping: max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    }

    /// Gives the system back the whole pages that are free within the heap, and those of the program's
    /// code; takes some milliseconds, in which other threads may have to wait for memory.
    public static func giveBack() {
        malloc_trim(0)
        clinux_give_code_back()
    }
}
