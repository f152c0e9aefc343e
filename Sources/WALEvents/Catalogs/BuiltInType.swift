import PostgresFormat

/// The names of PostgreSQL's own types, as its `format_type` writes them.
///
/// Their numbers are the same on every server (`pg_type.dat` of PostgreSQL 15 to 18). Types that somebody
/// made have numbers of that server alone, and no name here.
enum BuiltInType {
    /// The type of a column as it is declared; nil for a type that is not PostgreSQL's own.
    ///
    /// - Parameter modifier: as `pg_attribute.atttypmod`; -1 for none.
    static func name(_ type: ObjectID, modifier: Int32) -> String? {
        if let name = names[type.rawValue] { return declared(type.rawValue, name, modifier) }
        guard let element = elements[type.rawValue], let name = names[element] else { return nil }
        return declared(element, name, modifier) + "[]"
    }

    private static func declared(_ type: UInt32, _ name: String, _ modifier: Int32) -> String {
        switch type {
        case 1042 where modifier < 0: "bpchar"
        case 1560 where modifier < 0: "\"bit\""
        case _ where modifier < 0: name
        case 1042, 1043: "\(name)(\(modifier - 4))"
        case 1560, 1562: "\(name)(\(modifier))"
        case 1700: "\(name)(\((modifier - 4) >> 16 & 0xFFFF),\(scale(modifier - 4)))"
        case 1083, 1114, 1184, 1266: timed(name, modifier)
        case 1186: name + span(modifier >> 16 & 0x7FFF) + precision(modifier & 0xFFFF)
        default: name
        }
    }

    /// Eleven bits with a sign.
    private static func scale(_ modifier: Int32) -> Int32 { ((modifier & 0x7FF) ^ 1024) - 1024 }

    /// `timestamp(3) with time zone`
    private static func timed(_ name: String, _ precision: Int32) -> String {
        let parts = name.split(separator: " ", maxSplits: 1)
        return "\(parts[0])(\(precision)) \(parts[1])"
    }

    private static func precision(_ precision: Int32) -> String {
        precision == 0xFFFF ? "" : "(\(precision))"
    }

    /// ` day to second`
    private static func span(_ fields: Int32) -> String {
        let units: [(Int32, String)] = [
            (2, "year"), (1, "month"), (3, "day"), (10, "hour"), (11, "minute"), (12, "second"),
        ]
        let named = units.filter { fields & 1 << $0.0 != 0 }.map(\.1)
        guard fields != 0x7FFF, let first = named.first, let last = named.last else { return "" }
        return first == last ? " \(first)" : " \(first) to \(last)"
    }

    private static let names = Dictionary(uniqueKeysWithValues: all.map { ($0.type, $0.name) })
    /// Arrays by their own numbers.
    private static let elements = Dictionary(uniqueKeysWithValues: all.map { ($0.array, $0.type) })

    /// Each type with the type of its arrays.
    static let all: [(type: UInt32, array: UInt32, name: String)] = [
        (16, 1000, "boolean"), (17, 1001, "bytea"), (18, 1002, "\"char\""), (19, 1003, "name"),
        (20, 1016, "bigint"), (21, 1005, "smallint"), (23, 1007, "integer"), (25, 1009, "text"),
        (26, 1028, "oid"), (28, 1011, "xid"), (114, 199, "json"), (142, 143, "xml"), (5069, 271, "xid8"),
        (600, 1017, "point"), (601, 1018, "lseg"), (602, 1019, "path"), (603, 1020, "box"),
        (604, 1027, "polygon"), (628, 629, "line"), (700, 1021, "real"), (701, 1022, "double precision"),
        (718, 719, "circle"), (790, 791, "money"), (829, 1040, "macaddr"), (869, 1041, "inet"),
        (650, 651, "cidr"), (774, 775, "macaddr8"), (1042, 1014, "character"),
        (1043, 1015, "character varying"), (1082, 1182, "date"), (1083, 1183, "time without time zone"),
        (1114, 1115, "timestamp without time zone"), (1184, 1185, "timestamp with time zone"),
        (1186, 1187, "interval"), (1266, 1270, "time with time zone"), (1560, 1561, "bit"),
        (1562, 1563, "bit varying"), (1700, 1231, "numeric"), (2950, 2951, "uuid"), (3220, 3221, "pg_lsn"),
        (3614, 3643, "tsvector"), (3615, 3645, "tsquery"), (3802, 3807, "jsonb"), (4072, 4073, "jsonpath"),
        (3904, 3905, "int4range"), (3906, 3907, "numrange"), (3908, 3909, "tsrange"),
        (3910, 3911, "tstzrange"), (3912, 3913, "daterange"), (3926, 3927, "int8range"),
        (4451, 6150, "int4multirange"), (4532, 6151, "nummultirange"), (4533, 6152, "tsmultirange"),
        (4534, 6153, "tstzmultirange"), (4535, 6155, "datemultirange"), (4536, 6157, "int8multirange"),
    ]
}

extension ColumnEntry {
    /// The column's type as SQL names it; a number where it is not PostgreSQL's own.
    var typeName: String { BuiltInType.name(type, modifier: typeModifier) ?? "type \(type)" }
}
