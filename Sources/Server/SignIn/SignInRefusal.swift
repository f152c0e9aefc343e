import Notation
import PostgresFormat

/// A refusal in the words of OAuth 2.0, which sign-in libraries read.
struct SignInRefusal: Error {
    var error: String
    var description: String
    var status = 400

    static func invalidGrant(_ description: String) -> SignInRefusal {
        SignInRefusal(error: "invalid_grant", description: description)
    }

    var response: APIResponse {
        .json(
            ["error": .string(error), "error_description": .string(description)], status: status)
    }
}
