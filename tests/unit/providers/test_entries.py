from trunkline.providers.entries import Provider, Voice, named, table


def test_a_table_has_each_provider_under_its_name_in_order():
    made = table(Provider("b", "known"), Provider("a", "known"))
    assert list(made) == ["b", "a"]
    assert made["a"].name == "a"


def test_the_first_model_is_the_default_one_and_some_have_none():
    assert Provider("a", "known", ("new", "old")).default_model == "new"
    assert Provider("a", "known").default_model is None


def test_a_voice_named_by_its_id_begins_with_a_capital():
    assert named("ara", "Puck") == (Voice("ara", "Ara"), Voice("Puck", "Puck"))
    assert Provider("a", "known", voices=named("ara", "rex")).voice_ids == ("ara", "rex")
