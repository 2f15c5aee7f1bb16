// A table as CSV that a spreadsheet opens without running anything in it.

/** Text that a spreadsheet would take for a formula gets a leading apostrophe. */
function cell(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  let text = String(value);
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * @param {{name: string}[]} columns
 * @param {any[][]} rows
 */
export function asCsv(columns, rows) {
  return (
    [columns.map((column) => column.name), ...rows].map((row) => row.map(cell).join(',')).join('\r\n') +
    '\r\n'
  );
}

/** Save a file through the browser. */
export function download(name, blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
