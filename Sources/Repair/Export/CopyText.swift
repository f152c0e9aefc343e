/// A row in the text format of `COPY`, taken apart.
enum CopyText {
    /// The row's cells, nil for NULL.
    ///
    /// - Parameter row: with the line end that PostgreSQL sends behind it.
    static func cells(_ row: UnsafeRawBufferPointer) -> Cells {
        var cells: Cells = []
        var field: [UInt8] = []
        var isNull = false
        var place = 0
        func end() {
            cells.append(isNull ? nil : Cell(String(decoding: field, as: UTF8.self)))
            field.removeAll(keepingCapacity: true)
            isNull = false
        }
        let count = row.last == UInt8(ascii: "\n") ? row.count - 1 : row.count
        while place < count {
            let byte = row[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\t"): end()
            case UInt8(ascii: "\\") where place < count:
                // Of a value's own backslashes each is doubled: this one stands for a NULL alone.
                if row[place] == UInt8(ascii: "N") { isNull = true } else { field.append(meant(row[place])) }
                place += 1
            default: field.append(byte)
            }
        }
        end()
        return cells
    }

    /// What a backslash and that letter stand for.
    private static func meant(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 8
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "v"): 11
        case UInt8(ascii: "f"): 12
        case UInt8(ascii: "r"): 13
        default: letter
        }
    }
}
