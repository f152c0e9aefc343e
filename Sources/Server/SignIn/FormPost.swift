/// A page that sends a form on as soon as it is shown: `response_mode=form_post`.
enum FormPost {
    static func page(to address: String, fields: [(name: String, value: String)]) -> String {
        let inputs = fields.map { field in
            "<input type=\"hidden\" name=\"\(escaped(field.name))\" value=\"\(escaped(field.value))\">"
        }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>pitr</title></head>
            <body onload="document.forms[0].submit()">
            <form method="post" action="\(escaped(address))">
            \(inputs.joined(separator: "\n"))
            <noscript><button>Go on</button></noscript>
            </form></body></html>

            """
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
        return result
    }
}
