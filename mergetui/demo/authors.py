"""The people of the sandbox."""

from mergetui.demo.history import Author

ADA = Author("Ada Moreau", "ada@shop.example")
BJORN = Author("Björn Åkesson", "bjorn@shop.example")
PRIYA = Author("Priya Nair", "priya@shop.example")
TOM = Author("Tom Okafor", "tom@shop.example")
YUKI = Author("Yuki Tanaka", "yuki@shop.example")
