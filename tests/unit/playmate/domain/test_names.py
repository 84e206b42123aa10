"""Names in every script are accepted; hidden characters and mixed scripts are not."""

from __future__ import annotations

import pytest

from playmate.domain.names import name_fault, name_key, tidy_name

REAL = (
    *(
        "Amira",
        "José",
        "Łukasz",
        "Ngọc Ánh",
        "Müller-Lüdenscheidt",
        "O'Brien",
        "O’Brien",
        "İrem",
        "Gal·la",
        "Kaʻiulani",
    ),
    *("Nguyễn Thị Minh Khai", "Ọláńrewájú", "R2D2", "Anna 2", "stay-1a2b3c4d", "operator", "Ἀχιλλεύς", "Александр"),
    *("Ёлкин", "Наталʼя", "Ңурлан", "Արամ", "დავით", "יוסף", "מֹשֶׁה", "محمد", "مُحَمَّد", "علی\u200cرضا", "ܝܘܚܢܢ", "अमित"),
    *("श्री कृष्ण", "ක්\u200dරිෂාන්", "শ্রী", "தமிழ்", "മലയാളം", "สมชาย", "བཀྲ་ཤིས་", "ကျော်", "សុខា", "አበበ", "田中 太郎"),
    *(
        "ひかり",
        "サクラ",
        "メアリー・ジェーン",
        "佐々木",
        "김민수",
        "王小明",
        "Emma 田中",
        "ᏣᎳᎩ",
        "ⵎⵓⵃⵎⵎⴷ",
        "ᐃᓄᒃ",
        "۱۲۳ علی",
    ),
)
#: Names that no account can have, such as names that mix scripts or contain invisible characters.
NO_NAMES = (
    *(
        "\u0410mira",
        "Amir\u0430",
        "\u0391mira",
        "Αмира",
        "Amira\u3164",
        "A\u034fmira",
        "\u2800",
        "Amira\u2800",
        "\u115f",
    ),
    *(
        "Am\u200bira",
        "Am\u200dira",
        "Amira\u200c",
        "Amira\u202e",
        "Amira\ufe0f",
        "Ami\u00adra",
        "Amira\U000e0101",
        "\u0301",
    ),
    *(
        "Amira ✓",
        "Amira|",
        "Ami\U00013441ra",
        "Ami\u0301\u0301ra",
        "Ami\u0300\u0301\u0302\u0303\u0304ra",
        "...",
        "🅐mira",
    ),
)
#: Spellings of one name, and of two.
SAME = (("Amira", "Ａmira"), ("Amira", "𝐀𝐦𝐢𝐫𝐚"), ("Elsa", "ELSA"), ("Straße", "STRASSE"), ("Νίκος", "ΝΊΚΟΣ"))
JOINED = ("علی\u200cرضا", "علیرضا")
DIFFERENT = (("Ella", "Elia"), ("Jose", "José"), ("Anna", "Anne"), ("Mia", "Nia"), ("Irem", "İrem"))


@pytest.mark.parametrize("name", REAL)
def test_a_name_of_one_script_is_one(name: str) -> None:
    assert name_fault(tidy_name(name)) is None


@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_a_name_that_deceives_the_eye_is_none(name: str) -> None:
    assert name_fault(tidy_name(name))


@pytest.mark.parametrize(("one", "other"), [*SAME, JOINED], ids=ascii)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=ascii)
def test_two_names_have_two_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_a_name_is_found_in_any_case_and_form() -> None:
    assert name_key("ÉMILE") == name_key("e\u0301mile") == name_key(" émile ") == "émile"
    assert name_key("ＡＭＩＲＡ") == "amira"
