"""What no inference graph on a phone contains, by operator and type."""

import onnx

OPERATORS = {
    "image decoding": {"ImageDecoder"},
    "random numbers": {
        "Bernoulli",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
    },
    "strings": {"RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer"},
    "training": {"Adagrad", "Adam", "Gradient", "Momentum", "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"},
    "tree ensembles and classical learning": {
        "ArrayFeatureExtractor",
        "Binarizer",
        "LabelEncoder",
        "TreeEnsemble",
        "TreeEnsembleClassifier",
        "TreeEnsembleRegressor",
    },
}


def subgraphs(graph: onnx.GraphProto):
    """The graph and those inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from subgraphs(attribute.g)


def is_training(node: onnx.NodeProto) -> bool:
    return node.op_type == "BatchNormalization" and any(a.name == "training_mode" and a.i for a in node.attribute)


def out_of_scope(model: onnx.ModelProto, training: bool) -> str | None:
    """Why a model is out of scope, if it is; `training` says that one of its inputs asks for it."""
    values = [value.type for value in (*model.graph.input, *model.graph.output)]
    if any(type.WhichOneof("value") != "tensor_type" for type in values):
        return "sequences, optionals and maps as inputs or outputs"
    if any(type.tensor_type.elem_type == onnx.TensorProto.STRING for type in values):
        return "strings"
    nodes = [node for graph in subgraphs(model.graph) for node in graph.node]
    for reason, operators in OPERATORS.items():
        if any(node.op_type in operators for node in nodes):
            return reason
    return "training" if training or any(is_training(node) for node in nodes) else None
