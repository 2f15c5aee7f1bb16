// Columns of a card's table, each with the value that it shows.

/**
 * @param {any[]} rows
 * @param {[name: string, kind: import('./numbers.js').Kind, value: string | ((row: any) => any), more?: object][]} given
 *   value: the name of a field of a row, or a function of the row; more: the rest of the column, as in table.js
 * @returns {{columns: import('./table.js').Column[], rows: any[][]}}
 */
export function tabled(rows, given) {
  return {
    columns: given.map(([name, kind, , more]) => ({ name, kind, ...more })),
    rows: rows.map((row) =>
      given.map(([, , value]) => (typeof value === 'string' ? row[value] : value(row))),
    ),
  };
}
