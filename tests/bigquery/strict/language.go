package main

import "github.com/goccy/go-googlesql"

// Features of BigQuery beyond the core language, as far as the project uses them. Other features are
// refused, so check BigQuery's reference before you add an entry.
var features = []googlesql.LanguageFeature{
	googlesql.LanguageFeatureFeatureAnalyticFunctions,
	googlesql.LanguageFeatureFeatureNumericType,
	googlesql.LanguageFeatureFeatureBignumericType,
	googlesql.LanguageFeatureFeatureParameterizedTypes,
	googlesql.LanguageFeatureFeatureJsonType,
	googlesql.LanguageFeatureFeatureJsonArrayFunctions,
	googlesql.LanguageFeatureFeatureV11WithOnSubquery,
	googlesql.LanguageFeatureFeatureV11SelectStarExceptReplace,
	googlesql.LanguageFeatureFeatureV11OrderByInAggregate,
	googlesql.LanguageFeatureFeatureV11LimitInAggregate,
	googlesql.LanguageFeatureFeatureV11NullHandlingModifierInAggregate,
	googlesql.LanguageFeatureFeatureV11NullHandlingModifierInAnalytic,
	googlesql.LanguageFeatureFeatureV12SafeFunctionCall,
	googlesql.LanguageFeatureFeatureV12CivilTime,
	googlesql.LanguageFeatureFeatureV12WeekWithWeekday,
	googlesql.LanguageFeatureFeatureV13DateTimeConstructors,
	googlesql.LanguageFeatureFeatureV13ExtendedDateTimeSignatures,
	googlesql.LanguageFeatureFeatureV13NullsFirstLastInOrderBy,
	googlesql.LanguageFeatureFeatureV13Qualify,
	googlesql.LanguageFeatureFeatureCreateTableNotNull,
	googlesql.LanguageFeatureFeatureCreateTablePartitionBy,
	googlesql.LanguageFeatureFeatureCreateTableClusterBy,
	googlesql.LanguageFeatureFeatureCreateTableAsSelectColumnList,
}

func newLanguage() (*googlesql.LanguageOptions, error) {
	language, err := googlesql.NewLanguageOptions()
	if err != nil {
		return nil, err
	}
	// The product as customers see it: no INT32, no protocol buffers.
	if err := language.SetProductMode(googlesql.ProductModeProductExternal); err != nil {
		return nil, err
	}
	for _, feature := range features {
		if err := language.EnableLanguageFeature(feature); err != nil {
			return nil, err
		}
	}
	if err := language.EnableReservableKeyword("QUALIFY", true); err != nil {
		return nil, err
	}
	return language, language.SetSupportsAllStatementKinds()
}
