/// The folder of this file holds the chips that come with the compiler. Its `.json` files are copied beside every
/// program that is built with it, as ``folderNames``, so that a package that depends on this one finds them too.
package enum TargetFiles {
  /// What the copied folder is called, by platform.
  package static let folderNames = ["ingot_TargetFiles.resources", "ingot_TargetFiles.bundle"]
}
