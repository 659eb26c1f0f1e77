/// Why an operator can't be translated, as a user reads it.
func onnxRefusal(domain: String, opType: String) -> String {
  guard domain.isEmpty else {
    return
      "operators of the domain \(ImportError.quoted(domain)) are not known; export the model with standard operators"
  }
  return refusals.first { $0.operators.contains(opType) }?.reason ?? "this operator is not known"
}

private let refusals: [(reason: String, operators: Set<String>)] = [
  (
    "strings are not supported; move text processing out of the model",
    ["RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer"]
  ),
  (
    "random numbers are not supported; make them an input of the model",
    ["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"]
  ),
  (
    "image decoding is not supported; decode outside of the model",
    ["ImageDecoder"]
  ),
  (
    "there is no core op for it yet",
    ["MaxRoiPool"]
  ),
]
