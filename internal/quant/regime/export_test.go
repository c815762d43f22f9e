package regime

// SupremumP is the limit's p-value, for the test.
var SupremumP = supremumP
