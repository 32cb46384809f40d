import milepost


def test_a_log_is_sound_until_a_file_of_it_is_gone(logged):
    problem = logged / "milepost.toml"
    assert milepost.log_verify(problem=problem).outcome == "sound"
    (file, *_) = (logged / ".milepost" / "log" / "churn" / "predictions").glob("day=*/*.parquet")
    file.unlink()
    told = milepost.log_verify(problem=problem)
    assert told.outcome == "damaged"
    assert [flaw.code for flaw in told.flaws] == ["file-missing"]
    assert "[file-missing]" in str(told)
    assert "1 thing must be mended" in told.says[0]


def test_no_log_at_all_is_sound(judged_folder):
    assert milepost.log_verify(problem=judged_folder / "milepost.toml").flaws == ()
