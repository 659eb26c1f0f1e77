import IR
import Testing

struct GlobPatternTests {
  @Test(
    arguments: [
      ("", "", true), ("", "a", false), ("a", "a", true), ("*", "", true), ("*", "a.b.c", true),
      ("a*", "a", true), ("*a", "ba", true), ("*a", "ab", false), ("a*c", "abbc", true),
      ("a*c", "abcd", false),
      ("*.bias", "layers.0.bias", true), ("*.bias", "bias", false), ("h?ad", "head", true),
      ("h?ad", "had", false),
      ("[a-c]x", "bx", true), ("[a-c]x", "dx", false), ("[!a-c]x", "dx", true), ("[^a]x", "ax", false),
      ("[]]", "]", true), ("[a-]", "-", true), ("[ab", "[ab", true), ("\\*", "*", true), ("\\*", "a", false),
      ("**a**", "xxaxx", true), ("a*b*c", "a1b2b3c", true), ("*ab*ab", "abab", true),
      ("*ab*ab", "aab", false),
      ("é*", "épée", true), ("A", "a", false),
    ] as [(String, String, Bool)])
  func matches(_ pattern: String, _ name: String, _ expected: Bool) {
    #expect(GlobPattern(pattern).matches(name) == expected)
  }

  /// Stars do not multiply: this would take ages if each were tried with each.
  @Test func manyStarsAreFine() {
    let pattern = GlobPattern(String(repeating: "*a", count: 200) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 5000)))
  }
}
