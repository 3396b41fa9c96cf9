"""How the documents become a site: ``make site``. Its pages ask no other host for anything."""

from tuntas import __version__

project = "Tuntas"
version = release = __version__
extensions = ["myst_parser"]

# The source is the whole checkout, so that links between documents work here as they do in the files.
root_doc = "docs/index"
include_patterns = ["docs/*.md", "docs/**/*.md", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "examples/README.md"]
exclude_patterns = [".*", "build", "data", "frontend", "src", "tests"]

myst_enable_extensions = ["fieldlist"]
myst_heading_anchors = 4
# Mermaid's drawings stay text; drawing them would need a script from another host.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = "Tuntas"
html_copy_source = False
html_show_sphinx = False
