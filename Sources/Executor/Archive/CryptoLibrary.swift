import CLinux
import Glibc

/// The functions of the system's libcrypto that compute SHA-256 (SHA256_Init(3)), if the system has the
/// library. It uses special instructions of the processor. Newer functions are not used, because they need
/// initialization, for which the library would read files and use some megabytes.
@safe struct CryptoLibrary: Sendable {
    fileprivate typealias Begin = @convention(c) (UnsafeMutableRawPointer) -> Int32
    fileprivate typealias Add =
        @convention(c) (UnsafeMutableRawPointer, UnsafeRawPointer?, Int) -> Int32
    fileprivate typealias End =
        @convention(c) (UnsafeMutablePointer<UInt8>, UnsafeMutableRawPointer) -> Int32

    fileprivate let begin: Begin
    fileprivate let add: Add
    fileprivate let end: End

    /// The newest version that is installed; nil if there is none. It is loaded at the first use, which
    /// reads files.
    static let shared = CryptoLibrary("libcrypto.so.3") ?? CryptoLibrary("libcrypto.so.1.1")

    /// Loads the library, which then stays loaded.
    init?(_ name: String) {
        guard let library = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) else { return nil }
        func function<Function>(_ name: String, as type: Function.Type) -> Function? {
            unsafe dlsym(library, name).map { unsafe unsafeBitCast($0, to: type) }
        }
        guard let begin = unsafe function("SHA256_Init", as: Begin.self),
            let add = unsafe function("SHA256_Update", as: Add.self),
            let end = unsafe function("SHA256_Final", as: End.self)
        else { return nil }
        unsafe self.begin = begin
        unsafe self.add = add
        unsafe self.end = end
        unsafe clinux_give_symbols_back(library)
        // The library may be built or configured without SHA-256. This is an example of the standard (FIPS
        // 180-4).
        let hash = LibraryHash(self)
        unsafe Array("abc".utf8).withUnsafeBytes { unsafe hash.add($0) }
        guard hash.finish().prefix(8) == [0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA] else {
            return nil
        }
    }
}

/// A SHA-256 that the library computes. It must not be used by several threads at once.
@safe final class LibraryHash: @unchecked Sendable {
    private let library: CryptoLibrary
    /// `SHA256_CTX` has 112 bytes.
    private let state = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 16)

    init(_ library: CryptoLibrary) {
        self.library = library
        _ = unsafe library.begin(state)
    }

    deinit { unsafe state.deallocate() }

    func add(_ bytes: UnsafeRawBufferPointer) {
        _ = unsafe library.add(state, bytes.baseAddress, bytes.count)
    }

    /// Returns the 32 bytes of the hash. Nothing can be added after that.
    func finish() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 32)
        _ = unsafe library.end(&bytes, state)
        return bytes
    }
}
