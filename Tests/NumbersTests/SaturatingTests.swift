import Numbers
import Testing

@Suite struct SaturatingTests {
    @Test func sumsDifferencesAndProductsStayWithinTheType() {
        #expect(Int64.max.addingSaturated(1) == .max)
        #expect(Int64.min.addingSaturated(-1) == .min)
        #expect(Int64(2).addingSaturated(3) == 5)
        #expect(Int64.min.subtractingSaturated(1) == .min)
        #expect(Int64.max.subtractingSaturated(-1) == .max)
        #expect(Int64(0).subtractingSaturated(.min) == .max)
        #expect(UInt64(1).subtractingSaturated(2) == 0)
        #expect(UInt64.max.addingSaturated(1) == .max)
        #expect(Int64.max.multipliedSaturated(by: 2) == .max)
        #expect(Int64.max.multipliedSaturated(by: -2) == .min)
        #expect(Int64.min.multipliedSaturated(by: -1) == .max)
        #expect(UInt8(200).multipliedSaturated(by: 2) == .max)
        #expect([Int64.max, 1, 1].saturatedSum == .max)
        #expect([Int]().saturatedSum == 0)
    }

    @Test func anyFloatingPointNumberBecomesAnInteger() {
        #expect(Int64(saturating: 1e300) == .max)
        #expect(Int64(saturating: -1e300) == .min)
        #expect(Int64(saturating: .infinity) == .max)
        #expect(Int64(saturating: -.infinity) == .min)
        #expect(Int64(saturating: .nan) == 0)
        #expect(Int64(saturating: 9_223_372_036_854_775_808) == .max)
        #expect(Int64(saturating: -9_223_372_036_854_775_808) == .min)
        #expect(Int64(saturating: 1.9) == 1)
        #expect(Int64(saturating: -1.9) == -1)
    }
}
