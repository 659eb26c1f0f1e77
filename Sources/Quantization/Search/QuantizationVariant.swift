/// One way to choose among the methods for a whole graph. Which one is right is decided on samples that none of them has seen.
package struct QuantizationVariant: Hashable, Sendable, CustomStringConvertible {
  /// Ranges of 8-bit values by the error they cause in the products that read them, else from the least to the largest value.
  package var searchesRanges = false
  /// Channels are divided before they are rounded, and the weights take it.
  package var scalesChannels = false
  /// Weights are rounded so that later ones make up for the errors of earlier ones.
  package var compensatesRounding = true
  /// The mean error of a channel is taken from its bias.
  package var correctsBias = true
  /// Errors count by the slope of what follows.
  package var weighsBySlope = true

  /// Products read two bytes of the values that lose most in one.
  package var splitsInputs = false

  package init(
    searchesRanges: Bool = false, scalesChannels: Bool = false, compensatesRounding: Bool = true,
    correctsBias: Bool = true, weighsBySlope: Bool = true
  ) {
    self.searchesRanges = searchesRanges
    self.scalesChannels = scalesChannels
    self.compensatesRounding = compensatesRounding
    self.correctsBias = correctsBias
    self.weighsBySlope = weighsBySlope
  }

  /// The methods, in words.
  package var description: String {
    var words = [searchesRanges ? "ranges by error" : "whole ranges"]
    if scalesChannels { words.append("channels scaled") }
    if compensatesRounding { words.append("compensated rounding") }
    if correctsBias { words.append(weighsBySlope ? "biases corrected by slope" : "biases corrected") }
    if splitsInputs { words.append("inputs in two bytes") }
    return words.joined(separator: ", ")
  }
}
