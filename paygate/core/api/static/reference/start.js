// Show the document of the very server that serves this page.
const theme = {
  colors: { primary: { main: "#0b57d0" } },
  typography: {
    fontFamily: "system-ui, sans-serif",
    headings: { fontFamily: "system-ui, sans-serif" },
    code: { fontFamily: "ui-monospace, monospace" },
  },
};

Redoc.init(
  "/openapi.json",
  { disableSearch: false, hideHostname: true, pathInMiddlePanel: true, sortRequiredPropsFirst: true, theme },
  document.getElementById("reference"),
);
