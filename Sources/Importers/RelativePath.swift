/// The path of a file that another file in `directory` names, or nil if the name could lead outside of it.
/// `directory` is empty or ends in a slash. Names of one file give one path.
func pathInside(directory: String, _ name: String) -> String? {
  let parts = name.split(separator: "/", omittingEmptySubsequences: false)
  let isPlain = parts.allSatisfy { !$0.isEmpty && $0 != ".." } && !name.contains("\\") && !name.contains("\0")
  return isPlain ? directory + parts.filter { $0 != "." }.joined(separator: "/") : nil
}
