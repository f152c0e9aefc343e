import Notation

/// Names as SQL writes them.
public enum SQLName {
    /// PostgreSQL's keywords that `quote_ident` quotes: all but those that are not reserved at all.
    private static let keywords = Set(
        """
        all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
        boolean both case cast char character check coalesce collate collation column concurrently
        constraint create cross current_catalog current_date current_role current_schema current_time
        current_timestamp current_user dec decimal default deferrable desc distinct do else end except
        exists extract false fetch float for foreign freeze from full grant greatest group grouping
        having ilike in initially inner inout int integer intersect interval into is isnull join json
        json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
        json_serialize json_table json_value lateral leading least left like limit localtime
        localtimestamp merge_action national natural nchar none normalize not notnull null nullif
        numeric offset on only or order out outer overlaps overlay placing position precision primary
        real references returning right row select session_user setof similar smallint some substring
        symmetric system_user table tablesample then time timestamp to trailing treat trim true union
        unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat
        xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
        """.split(whereSeparator: \.isWhitespace).map(String.init))

    /// An identifier: as it is if SQL needs no quotes, else in double quotes; with SQL's own escapes where it
    /// has control characters, so that it stays on its line.
    public static func quoted(_ name: String) -> String {
        let text = plain(name)
        let needsQuotes = text == name && (name.utf8.contains(UInt8(ascii: "-")) || keywords.contains(name))
        return needsQuotes ? "\"" + name + "\"" : text
    }

    /// A name that is no identifier, a restore point's: it may have `-` in it without quotes.
    static func plain(_ name: String) -> String {
        if name.unicodeScalars.contains(where: isControl) {
            let escaped = name.unicodeScalars.map { scalar in
                if scalar == "\\" { return "\\\\" }
                guard isControl(scalar) else { return String(scalar) }
                return "\\" + Hexadecimal.text(scalar.value, digits: 4, .upper)
            }
            return "U&\"" + escaped.joined().replacingDoubleQuotes + "\""
        }
        let bytes = Array(name.utf8)
        guard let first = bytes.first, isPlain(first), !isDigit(first),
            bytes.allSatisfy({ isPlain($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "$") })
        else { return "\"" + name.replacingDoubleQuotes + "\"" }
        return name
    }

    /// A name of three parts as SQL quotes it, `shop.public.orders`, for people: `public.orders in database
    /// shop`. Anything else stays as it is.
    public static func words(path: String) -> String {
        var isInQuotes = false
        var dots: [String.Index] = []
        for index in path.indices {
            if path[index] == "\"" { isInQuotes.toggle() }
            if path[index] == ".", !isInQuotes { dots.append(index) }
        }
        guard dots.count == 2 else { return path }
        return path[path.index(after: dots[0])...] + " in database " + path[..<dots[0]]
    }

    /// C0 and C1, DEL, and the breaks of lines and paragraphs.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        guard !scalar.isASCII else { return scalar.value < 0x20 || scalar.value == 0x7F }
        return scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || isDigit(byte) || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

extension String {
    fileprivate var replacingDoubleQuotes: String {
        var doubled = ""
        // By scalars: a quotation mark with a combining one behind it is still a quotation mark.
        for character in unicodeScalars {
            doubled.unicodeScalars.append(character)
            if character == "\"" { doubled.unicodeScalars.append(character) }
        }
        return doubled
    }
}
