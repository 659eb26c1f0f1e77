import Tensors

/// Why a bundle can't be written or read: names the file or the part, and what was expected.
package struct BundleError: Error, CustomStringConvertible, Hashable, Sendable {
  package var message: String
  package init(_ message: String) { self.message = message }
  package var description: String { printable(message) }
}
