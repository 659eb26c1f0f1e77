import Tensors
import Testing

@Suite struct PrintableTextTests {
  @Test(arguments: [
    ("conv_1 'a\" \\ ü 網 😀", "conv_1 'a\" \\ ü 網 😀"),
    ("a\u{1b}[2J\u{7}\u{7f}", "a\\u{1b}[2J\\u{7}\\u{7f}"),
    ("a\nb\tc\r\n", "a\\nb\\tc\\u{d}\\n"),
    ("\u{9b}31m\u{85}\u{a0}", "\\u{9b}31m\\u{85}\u{a0}"),
    (
      "\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{ad}", "\\u{202e}\\u{2066}\\u{200b}\\u{2028}\\u{feff}\\u{ad}"
    ),
    ("", ""),
  ])
  func whatATerminalObeysIsWrittenOut(text: String, shown: String) {
    #expect(printable(text) == shown)
    // What is safe already stays, so that text may pass through several times.
    #expect(printable(shown) == shown)
  }

  @Test func linesStayWhereTheyAreText() { #expect(printableLines("a\n\tb\u{1b}\n") == "a\n\\tb\\u{1b}\n") }

  @Test func listsSayHowManyMoreThereAre() {
    #expect(listed(["a", "b\n"]) == "a, b\\n")
    #expect(listed((0..<9_000).map { "x\($0)" }, limit: 3) == "x0, x1, x2 and 8997 more")
    #expect(listed([]) == "")
  }
}
