"""One definition for each chart: a result comes in, a chart goes out; `drawing` turns it into SVG or PNG."""
