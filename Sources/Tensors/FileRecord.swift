import Synchronization

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#else
  package import Darwin
#endif

/// What tells files apart, whatever their names are.
package struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64

  package init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
  }

  /// Of what a path leads to, through links; nil if there is no such file.
  package init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }
}

/// The files that were read while this record was the current one, so that none of them gets overwritten,
/// under whatever name, also those that no command line names: external data, shards.
package final class FileRecord: Sendable {
  @TaskLocal package static var current: FileRecord?

  private let paths = Mutex<[FileIdentity: String]>([:])

  package init() {}

  /// Records a file that was read.
  package func note(_ identity: FileIdentity, path: String) {
    paths.withLock { if $0[identity] == nil { $0[identity] = path } }
  }

  /// Records what is read of a path by other means.
  package func note(path: String) {
    if let identity = FileIdentity(path: path) { note(identity, path: path) }
  }

  /// Under which path a file was read; nil if it was not.
  package func path(of identity: FileIdentity) -> String? { paths.withLock { $0[identity] } }
}
