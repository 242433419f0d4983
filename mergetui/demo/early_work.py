"""How the shop began, and the branches that forked before main moved on."""

from mergetui.demo.authors import ADA, BJORN, PRIYA, TOM, YUKI
from mergetui.demo.history import Replace, Step, Write
from mergetui.demo.project import SHOP

NEGATIVE_EUROS = (
    Replace(
        "shop/money.py",
        'return f"{cents // 100}.{cents % 100:02d} EUR"',
        'sign = "-" if cents < 0 else ""\n    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d} EUR"',
    ),
    Write(
        "tests/test_refunds.py",
        """\
from shop.money import euros
from tests import ShopTest


class Refunds(ShopTest):
    def test_a_refund_is_negative(self):
        self.assertEqual(euros(-150), "-1.50 EUR")
""",
    ),
)

SEARCH_TEST = """\
from shop.search import search
from tests import ShopTest


class Search(ShopTest):
    def test_a_word_of_the_name_is_found(self):
        self.assertEqual(search("pad"), ["pad"])
"""


def _written(*paths: str) -> tuple[Write, ...]:
    """The files of the project whose paths start like one of `paths`."""
    return tuple(Write(path, text) for path, text in SHOP.items() if path.startswith(paths))


OPENING = (
    Step(
        "main",
        ADA,
        "Sell pens, ink and paper",
        _written(
            "README",
            "shop/_",
            "shop/catalog",
            "shop/pricing",
            "tests/_",
            "tests/test_catalog",
            "tests/test_pricing",
        ),
    ),
    Step(
        "main",
        TOM,
        "Fill carts and shelves",
        _written("shop/cart", "shop/stock", "tests/test_cart", "tests/test_stock"),
    ),
    Step(
        "main",
        ADA,
        "Check out with VAT",
        _written(
            "shop/money",
            "shop/vat",
            "shop/checkout",
            "tests/test_money",
            "tests/test_vat",
            "tests/test_checkout",
        ),
    ),
)

FORKED_EARLY = (
    Step(
        "feat/cart-total",
        PRIYA,
        "Let a cart tell its total",
        (
            Replace(
                "shop/cart.py",
                "        return sum(self.quantities.values())\n",
                "        return sum(self.quantities.values())\n\n"
                "    def total(self):\n"
                "        return sum(cents for _, _, cents in self.lines())\n",
            ),
            Write(
                "tests/test_cart_total.py",
                """\
from shop.cart import Cart
from tests import ShopTest


class CartTotal(ShopTest):
    def test_the_total_is_the_sum_of_the_lines(self):
        cart = Cart()
        cart.add("pen")
        cart.add("pad", 2)
        self.assertEqual(cart.total(), 3400)
""",
            ),
        ),
    ),
    Step("fix/already-landed", BJORN, "Print negative amounts right", NEGATIVE_EUROS),
    Step(
        "feat/search",
        YUKI,
        "Search products by name",
        (
            Write(
                "shop/search.py",
                '''\
"""Finding products."""

from shop.catalog import PRODUCTS


def search(word):
    return [sku for sku, name in PRODUCTS.items() if word in name]
''',
            ),
            Write("tests/test_search.py", SEARCH_TEST),
        ),
    ),
    Step(
        "feat/rename-price",
        ADA,
        "Call it unit_price, for it is the price of one",
        (
            Replace("shop/pricing.py", "price_of", "unit_price"),
            Replace("shop/cart.py", "price_of", "unit_price"),
            Replace("tests/test_pricing.py", "price_of", "unit_price"),
        ),
    ),
    Step(
        "feat/search",
        YUKI,
        "Search whatever the case",
        (
            Replace("shop/search.py", "if word in name]", "if word.lower() in name.lower()]"),
            Replace(
                "tests/test_search.py",
                SEARCH_TEST,
                SEARCH_TEST + "\n"
                "    def test_case_does_not_matter(self):\n"
                '        self.assertEqual(search("INK"), ["ink"])\n',
            ),
        ),
    ),
    Step(
        "feat/bulk-discount",
        BJORN,
        "Give a tenth off from ten pieces on",
        (
            Write(
                "shop/discount.py",
                '''\
"""Less to pay for more of the same."""

from shop.pricing import price_of


def bulk_price(sku, quantity):
    full = quantity * price_of(sku)
    return full * 9 // 10 if quantity >= 10 else full
''',
            ),
            Write(
                "tests/test_discount.py",
                """\
from shop.discount import bulk_price
from tests import ShopTest


class Discount(ShopTest):
    def test_ten_are_cheaper(self):
        self.assertEqual(bulk_price("ink", 10), 8100)

    def test_nine_are_not(self):
        self.assertEqual(bulk_price("ink", 9), 8100)
""",
            ),
        ),
    ),
    Step(
        "fix/vat-a",
        PRIYA,
        "Round VAT to the nearest cent",
        (
            Replace("shop/vat.py", "cents * PERCENT // 100", "(cents * PERCENT + 50) // 100"),
            Write(
                "tests/test_vat_rounding.py",
                """\
from shop.vat import with_vat
from tests import ShopTest


class VatRounding(ShopTest):
    def test_more_than_half_a_cent_is_a_cent(self):
        self.assertEqual(with_vat(103), 124)

    def test_less_than_half_a_cent_is_none(self):
        self.assertEqual(with_vat(101), 121)
""",
            ),
        ),
    ),
    Step(
        "fix/vat-b",
        TOM,
        "Round VAT up",
        (
            Replace("shop/vat.py", "cents * PERCENT // 100", "-(-cents * PERCENT // 100)"),
            Write(
                "tests/test_vat_up.py",
                """\
from shop.vat import with_vat
from tests import ShopTest


class VatUp(ShopTest):
    def test_any_part_of_a_cent_is_a_cent(self):
        self.assertEqual(with_vat(101), 122)
""",
            ),
        ),
    ),
    Step(
        "chore/broken",
        TOM,
        "Shout on receipts",
        (Replace("shop/checkout.py", "to pay: ", "TO PAY: "),),
    ),
    Step(
        "feat/search",
        YUKI,
        "Find products in the order of their names",
        (
            Write(
                "shop/search.py",
                '''\
"""Finding products, in the order of their names."""

from shop.catalog import PRODUCTS


def search(word):
    found = [sku for sku, name in PRODUCTS.items() if word.lower() in name.lower()]
    return sorted(found, key=PRODUCTS.get)
''',
            ),
        ),
    ),
)
