// Shows one document. A click on the link of another shows that one.
const links = [...document.querySelectorAll("a[data-document]")];

function show(link) {
  for (const other of links) other.toggleAttribute("aria-current", other === link);
  SwaggerUIBundle({
    url: link.href,
    dom_id: "#api",
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
    deepLinking: false,
    supportedSubmitMethods: ["get", "post", "patch"],
  });
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link);
  });
}
if (links.length > 0) show(links[0]);
